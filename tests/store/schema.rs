//! Both databases have the same schema, and `migrations/schema.sql` says what each column means.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Base;

/// Columns in order: name, kind, whether NULL is refused.
type Columns = Vec<(String, String, String)>;

#[derive(Debug, Default, PartialEq)]
struct Schema {
    tables: BTreeMap<String, Columns>,
    /// Keys, primary first, and other unique columns: table and columns in order.
    unique: BTreeSet<(String, String, String)>,
    /// Table, column, and the table it leads to.
    references: BTreeSet<(String, String, String)>,
    /// Name, table, columns in order, and what rows it is limited to.
    indices: BTreeSet<(String, String, String, String)>,
}

fn columns(rows: Vec<Vec<String>>) -> BTreeMap<String, Columns> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for row in rows {
        let [table, name, kind, required] = row.try_into().unwrap();
        tables.entry(table).or_default().push((name, kind, required));
    }
    tables
}

fn triples(rows: Vec<Vec<String>>) -> BTreeSet<(String, String, String)> {
    rows.into_iter().map(|row| <[String; 3]>::try_from(row).unwrap().into()).collect()
}

fn condition(definition: &str) -> String {
    let after = definition.split_once(" WHERE ").map_or("", |(_, condition)| condition);
    after.trim_matches(['(', ')']).to_owned()
}

async fn of_sqlite(base: &Base) -> Schema {
    const TABLES: &str =
        "FROM sqlite_master t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'";
    let named = TABLES.replace(" WHERE ", ", pragma_table_info(t.name) c WHERE ");
    let keyed = TABLES.replace(" WHERE ", ", pragma_index_list(t.name) i WHERE ");
    let linked = TABLES.replace(" WHERE ", ", pragma_foreign_key_list(t.name) f WHERE ");
    let of_index =
        "(SELECT group_concat(name, ' ') FROM (SELECT x.name FROM pragma_index_info(i.name) x ORDER BY x.seqno))";
    let mut unique = triples(
        base.rows(&format!(
            "SELECT t.name, CASE i.origin WHEN 'pk' THEN 'key' ELSE 'unique' END, {of_index} {keyed} AND i.origin <> 'c'"
        ))
        .await,
    );
    // A row's number is a key without an index.
    unique.extend(triples(
        base.rows(&format!("SELECT t.name, 'key', c.name {named} AND c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%'")).await,
    ));
    let indices = base
        .rows(&format!(
            "SELECT i.name, t.name, {of_index}, (SELECT m.sql FROM sqlite_master m WHERE m.name = i.name) {keyed} AND i.origin = 'c'"
        ))
        .await;
    Schema {
        tables: columns(
            base.rows(&format!(
                "SELECT t.name, c.name, c.type, CAST(c.\"notnull\" AS TEXT) {named} ORDER BY t.name, c.cid"
            ))
            .await,
        ),
        unique,
        references: triples(base.rows(&format!("SELECT t.name, f.\"from\", f.\"table\" {linked}")).await),
        indices: indices
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone(), row[2].clone(), condition(&row[3])))
            .collect(),
    }
}

async fn of_postgres(base: &Base) -> Schema {
    let tables = base
        .rows(
            "SELECT table_name::TEXT, column_name::TEXT,
                    CASE WHEN data_type = 'text' AND collation_name = 'C' THEN 'TEXT'
                         WHEN data_type = 'bigint' THEN 'INTEGER' WHEN data_type = 'bytea' THEN 'BLOB'
                         ELSE data_type || ' of another kind' END,
                    CASE is_nullable WHEN 'NO' THEN '1' ELSE '0' END
               FROM information_schema.columns
              WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'
              ORDER BY table_name COLLATE \"C\", ordinal_position",
        )
        .await;
    let constraints = |kind: &str, third: &str, columns: &str| {
        format!(
            "SELECT k.conrelid::regclass::TEXT, {third}
               FROM pg_constraint k WHERE k.contype IN ({kind}) AND k.connamespace = 'public'::regnamespace
                AND k.conrelid::regclass::TEXT <> '_sqlx_migrations'"
        )
        .replace(
            "COLUMNS",
            &format!(
                "(SELECT string_agg(a.attname::TEXT, ' ' ORDER BY n.at)
                    FROM unnest(k.{columns}) WITH ORDINALITY n (number, at)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number)"
            ),
        )
    };
    let unique = constraints("'p', 'u'", "CASE k.contype WHEN 'p' THEN 'key' ELSE 'unique' END, COLUMNS", "conkey");
    let references = constraints("'f'", "COLUMNS, k.confrelid::regclass::TEXT", "conkey");
    let indices = base
        .rows(
            "SELECT i.indexrelid::regclass::TEXT, i.indrelid::regclass::TEXT,
                    (SELECT string_agg(a.attname::TEXT, ' ' ORDER BY a.attnum) FROM pg_attribute a
                      WHERE a.attrelid = i.indexrelid),
                    pg_get_indexdef(i.indexrelid)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
              WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisunique",
        )
        .await;
    Schema {
        tables: columns(tables),
        unique: triples(base.rows(&unique).await),
        references: triples(base.rows(&references).await),
        indices: indices
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone(), row[2].clone(), condition(&row[3])))
            .collect(),
    }
}

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let (sqlite, postgres) = (Base::sqlite().await, Base::postgres().await);
    sqlite.store().await;
    postgres.store().await;
    let (mut sqlite, mut postgres) = (of_sqlite(&sqlite).await, of_postgres(&postgres).await);
    // In what order they lie matters to SQLite alone.
    sqlite.tables.values_mut().chain(postgres.tables.values_mut()).for_each(|columns| columns.sort());
    assert_eq!(sqlite.tables, postgres.tables);
    assert_eq!(sqlite.unique, postgres.unique);
    assert_eq!(sqlite.references, postgres.references);
    assert_eq!(sqlite.indices, postgres.indices);
    assert!(
        sqlite.tables.len() > 10 && sqlite.unique.len() > 10 && sqlite.references.len() > 5 && sqlite.indices.len() > 5
    );
}

#[tokio::test]
async fn in_sqlite_no_column_of_a_message_lies_behind_its_bytes() {
    // SQLite finds a column behind bytes by reading them: a list of messages would read all mail ever stored.
    let base = Base::sqlite().await;
    base.store().await;
    let columns = of_sqlite(&base).await.tables.remove("inbox").unwrap();
    let last = columns.iter().position(|(_, kind, _)| kind == "BLOB").unwrap() + 1;
    assert_eq!(columns[last..], []);
}

#[tokio::test]
async fn the_described_schema_is_the_live_one_and_every_column_is_explained() {
    let described = include_str!("../../migrations/schema.sql");
    // Without its comments it makes the same database.
    let base = Base::sqlite().await;
    base.store().await;
    let live = of_sqlite(&base).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("redress.db"), "").unwrap();
    let copy = Base::Sqlite { folder };
    copy.sql(described).await.unwrap();
    assert_eq!(of_sqlite(&copy).await, live);

    let lines: Vec<&str> = described.lines().collect();
    let mut explained = 0;
    for (table, columns) in &live.tables {
        let start = lines.iter().position(|line| *line == format!("CREATE TABLE {table} (")).unwrap();
        assert!(lines[start - 1].starts_with("-- "), "what {table} is for");
        for (name, ..) in columns {
            let at = start + lines[start..].iter().position(|line| line.starts_with(&format!("    {name} "))).unwrap();
            assert!(lines[at - 1].starts_with("    -- "), "{table}.{name} is not explained");
            explained += 1;
        }
    }
    assert!(explained > 80, "{explained}");
}
