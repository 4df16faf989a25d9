//! Both Maildirs on a real file system.

use std::fs::{FileTimes, OpenOptions};

use tempfile::TempDir;

use super::*;

const LEAK: &[u8] = b"Subject: Leak\r\nFrom: ruth@example.com\r\n\r\nThe ceiling drips.\r\n";

/// An empty Maildir and a mailbox open on its INBOX.
async fn opened() -> (TempDir, MaildirMailbox) {
    let root = tempfile::tempdir().expect("there is a disk");
    make_folder(root.path()).await.expect("the folder is writable");
    let mut mailbox = MaildirMailbox::new(root.path().to_owned());
    assert_eq!(mailbox.open("INBOX").await.expect("it is a Maildir"), Folder { uidvalidity: 1 });
    (root, mailbox)
}

fn put(root: &TempDir, path: &str) {
    std::fs::write(root.path().join(path), LEAK).expect("the folder is writable");
}

/// Every file below the root, as `new/name`.
fn tree(root: &TempDir) -> Vec<String> {
    fn walk(folder: &Path, names: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() { walk(&path, names) } else { names.push(path) }
        }
    }
    let mut paths = Vec::new();
    walk(root.path(), &mut paths);
    let name = |path: PathBuf| path.strip_prefix(root.path()).expect("below the root").to_string_lossy().into_owned();
    let mut names: Vec<String> = paths.into_iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn mail_is_read_where_it_lies_and_stays_there() {
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    put(&root, "cur/099.b.host:2,FS");
    put(&root, "new/.hidden");
    put(&root, "tmp/101.unfinished");
    let lying = tree(&root);
    let arrived: Timestamp = "2026-07-17T01:44:25Z".parse().unwrap();
    let file = OpenOptions::new().write(true).open(root.path().join("new/100.a.host")).unwrap();
    file.set_times(FileTimes::new().set_modified(arrived.into())).unwrap();

    assert_eq!(mailbox.list(None).await.unwrap(), ["099.b.host", "100.a.host"]);
    let message = mailbox.fetch(&"100.a.host".into(), 1000).await.unwrap().unwrap();
    let size = LEAK.len() as u64;
    assert_eq!(message, Fetched { uid: "100.a.host".into(), arrived, size, raw: Raw::Whole(LEAK.to_vec()) });
    assert!(mailbox.fetch(&"099.b.host".into(), 1000).await.unwrap().is_some());
    assert_eq!(mailbox.fetch(&"101.unfinished".into(), 1000).await.unwrap(), None);
    assert_eq!(tree(&root), lying, "nothing was moved or flagged");
}

#[tokio::test]
async fn a_message_keeps_its_uid_when_somebody_reads_it() {
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    assert_eq!(mailbox.list(None).await.unwrap(), ["100.a.host"]);
    std::fs::rename(root.path().join("new/100.a.host"), root.path().join("cur/100.a.host:2,S")).unwrap();
    assert!(mailbox.fetch(&"100.a.host".into(), 1000).await.unwrap().is_some());
    assert_eq!(mailbox.list(Some(&"100.a.host".into())).await.unwrap(), Vec::<Uid>::new());
}

#[tokio::test]
async fn mail_whose_name_sorts_before_what_was_taken_is_still_listed() {
    // Goal: two deliverers side by side, or a person moving files, must not hide a message behind the cursor.
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    put(&root, "new/300.c.host");
    let last = Some("300.c.host".to_owned());
    for uid in mailbox.list(None).await.unwrap() {
        mailbox.fetch(&uid, 1000).await.unwrap().unwrap();
    }
    assert!(mailbox.list(last.as_ref()).await.unwrap().is_empty());
    put(&root, "new/200.b.host");
    assert_eq!(mailbox.list(last.as_ref()).await.unwrap(), ["200.b.host"]);
    // A new process, which has handed out nothing, lists everything once.
    let mut reopened = MaildirMailbox::new(root.path().to_owned());
    reopened.open("INBOX").await.unwrap();
    assert_eq!(reopened.list(last.as_ref()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn watching_two_folders_in_turn_lists_nothing_twice() {
    let (root, mut mailbox) = opened().await;
    make_folder(&root.path().join(".Junk")).await.unwrap();
    put(&root, "new/100.a.host");
    put(&root, ".Junk/new/100.b.host");
    for (folder, uid) in [("INBOX", "100.a.host"), ("Junk", "100.b.host")] {
        mailbox.open(folder).await.unwrap();
        assert_eq!(mailbox.list(None).await.unwrap(), [uid]);
        mailbox.fetch(&uid.to_owned(), 1000).await.unwrap().unwrap();
    }
    for (folder, uid) in [("INBOX", "100.a.host"), ("Junk", "100.b.host")] {
        mailbox.open(folder).await.unwrap();
        assert!(mailbox.list(Some(&uid.to_owned())).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn of_a_file_above_the_limit_the_headers_are_taken() {
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    let size = LEAK.len() as u64;
    let message = mailbox.fetch(&"100.a.host".into(), size - 1).await.unwrap().unwrap();
    assert_eq!(message.raw, Raw::HeadersOnly(b"Subject: Leak\r\nFrom: ruth@example.com\r\n\r\n".to_vec()));
    assert_eq!(message.size, size);
    let message = mailbox.fetch(&"100.a.host".into(), size).await.unwrap().unwrap();
    assert_eq!(message.raw, Raw::Whole(LEAK.to_vec()), "at the limit it is whole");
}

#[tokio::test]
async fn stored_mail_is_moved_to_a_subfolder_and_keeps_its_flags() {
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    put(&root, "cur/099.b.host:2,FS");
    for uid in mailbox.list(None).await.unwrap() {
        mailbox.file(&uid, "Logged").await.unwrap();
        mailbox.file(&uid, "Logged").await.expect("a message already moved is no error");
    }
    assert_eq!(tree(&root), [".Logged/cur/099.b.host:2,FS", ".Logged/new/100.a.host"]);
    mailbox.open("Logged").await.unwrap();
    assert_eq!(mailbox.list(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn moving_never_writes_over_another_message() {
    let (root, mut mailbox) = opened().await;
    make_folder(&root.path().join(".Logged")).await.unwrap();
    put(&root, "new/100.a.host");
    std::fs::write(root.path().join(".Logged/new/100.a.host"), b"another").unwrap();
    mailbox.list(None).await.unwrap();
    assert!(matches!(mailbox.file(&"100.a.host".into(), "Logged").await, Err(Refused(_))));
    assert_eq!(std::fs::read(root.path().join(".Logged/new/100.a.host")).unwrap(), b"another");
    assert_eq!(std::fs::read(root.path().join("new/100.a.host")).unwrap(), LEAK);
}

#[tokio::test]
async fn folder_names_cannot_lead_out_of_the_maildir() {
    let (_root, mut mailbox) = opened().await;
    for name in ["", "..", "../other", "a/b", ".hidden", "a\\b", "a\0b", "Missing"] {
        assert!(matches!(mailbox.open(name).await, Err(Refused(_))), "{name:?}");
    }
}

#[tokio::test]
async fn waiting_ends_when_mail_has_come_since_the_last_look() {
    let (root, mut mailbox) = opened().await;
    put(&root, "new/100.a.host");
    mailbox.list(None).await.unwrap();
    let start = Instant::now();
    mailbox.wait(Duration::from_millis(300)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300), "what was listed is no news");
    // Between the look and the wait.
    put(&root, "new/101.b.host");
    mailbox.wait(Duration::from_secs(60)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    mailbox.list(None).await.unwrap();
    let (woken, ()) = tokio::join!(mailbox.wait(Duration::from_secs(60)), async {
        sleep(Duration::from_millis(200)).await;
        put(&root, "cur/102.c.host:2,");
    });
    woken.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_letter_sent_twice_is_one_file() {
    let root = tempfile::tempdir().unwrap();
    let mut transport = MaildirTransport::new(root.path().join("out"));
    transport.verify().await.unwrap();
    for (id, bytes) in [
        ("case-7.1@example.org.eml", &b"Subject: a\r\nMessage-ID: <case-7.1@example.org>\r\n\r\nDear tenant,\r\n"[..]),
        ("case-7.2@example.org.eml", b"message-id:<case-7.2@example.org> \r\n\r\n"),
    ] {
        for _ in 0..2 {
            let letter = Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes };
            let accepted = transport.send(letter).await.unwrap();
            assert!(accepted.reply.ends_with(id), "{}", accepted.reply);
        }
        assert_eq!(std::fs::read(root.path().join("out/new").join(id)).unwrap(), bytes);
    }
    assert_eq!(tree(&root), ["out/new/case-7.1@example.org.eml", "out/new/case-7.2@example.org.eml"]);
}

#[test]
fn a_message_id_that_is_no_plain_name_becomes_a_digest() {
    let names: Vec<String> = [
        &b"Message-ID: <../../etc/passwd>\r\n\r\n"[..],
        b"Message-ID: <.a@example.org>\r\n\r\n",
        b"Message-ID: no brackets\r\n\r\n",
        b"Subject: none\r\n\r\nMessage-ID: <body@example.org>\r\n",
        b"",
    ]
    .map(file_name)
    .into();
    for name in &names {
        assert!(name.len() == 36 && name[..32].bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[tokio::test]
async fn an_outgoing_maildir_that_cannot_be_written_is_a_broken_route() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let mut transport = MaildirTransport::new(file);
    assert!(matches!(transport.verify().await, Err(SendError::RouteBroken(_))));
    let letter = Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes: LEAK };
    assert!(matches!(transport.send(letter).await, Err(SendError::Again(_))));
}
