//! Completions and manual, as a shell and a reader get them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use redress::domain::command::grammar::VERBS;

const REDRESS: &str = env!("CARGO_BIN_EXE_redress");

fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands below `path`, as the help lists them.
fn commands(path: &[&str]) -> Vec<String> {
    let help = says(REDRESS, &[path, &["--help"]].concat());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

/// Every command with those below it, in words: "case list".
fn all_commands() -> Vec<String> {
    let mut all = Vec::new();
    for command in commands(&[]) {
        all.extend(commands(&[&command]).into_iter().map(|below| format!("{command} {below}")));
        all.push(command);
    }
    all
}

/// What bash offers where `line` ends.
fn bash_offers(script: &str, line: &[&str]) -> BTreeSet<String> {
    let test = r#"
        . "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _redress redress "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let arguments = [&["-c", test, "bash", script], line].concat();
    says("bash", &arguments).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_every_command_act_and_option() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("redress");
    fs::write(&script, says(REDRESS, &["completions", "bash"])).unwrap();
    let script = script.to_str().unwrap();

    let all = all_commands();
    assert!(all.len() > 25, "{all:?}");
    for command in &all {
        let words: Vec<&str> = command.split(' ').collect();
        let offered = bash_offers(script, &[&["redress"], &words[..words.len() - 1], &[""]].concat());
        assert!(offered.contains(words[words.len() - 1]), "{command}: {offered:?}");
    }
    let acts = bash_offers(script, &["redress", "case", "WEL-1047-K", ""]);
    for verb in VERBS {
        assert!(acts.contains(verb.name), "{}", verb.name);
        let options = bash_offers(script, &["redress", "case", "WEL-1047-K", verb.name, "--"]);
        for option in verb.fields.iter().map(|field| field.name).chain(["as", "dry-run"]) {
            assert!(options.contains(&format!("--{option}")), "{} --{option}", verb.name);
        }
    }
    assert_eq!(bash_offers(script, &["redress", "shadow", "--si"]), BTreeSet::from(["--since".to_owned()]));
}

#[test]
fn zsh_and_fish_know_every_command_and_act() {
    let (zsh, fish) = (says(REDRESS, &["completions", "zsh"]), says(REDRESS, &["completions", "fish"]));
    assert!(zsh.starts_with("#compdef redress\n"));
    // An act is looked for behind whatever has digits, which is how zsh tells a reference from `list`.
    assert_eq!(zsh.matches("(*[0-9]*)\n_arguments").count(), 1);
    assert!(!zsh.contains("'REFERENCE:"), "the word that stands for a reference is offered to nobody");
    for name in all_commands().iter().map(String::as_str).chain(VERBS.iter().map(|verb| verb.name)) {
        let name = name.rsplit(' ').next().unwrap();
        assert!(zsh.contains(&format!("({name})\n_arguments")), "zsh: {name}");
        assert!(fish.contains(&format!(" -a \"{name}\"")), "fish: {name}");
    }
}

#[test]
fn every_command_and_every_act_has_its_page_in_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let man1 = folder.path().join("man/man1");
    let said = says(REDRESS, &["man", man1.to_str().unwrap()]);
    let pages: BTreeSet<String> =
        fs::read_dir(&man1).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(said, format!("{} pages in {}\n", pages.len(), man1.display()));
    let acts = VERBS.iter().map(|verb| format!("case {}", verb.name));
    let expected =
        all_commands().into_iter().chain(acts).map(|command| format!("redress-{}.1", command.replace(' ', "-")));
    let expected: BTreeSet<String> = expected.chain(["redress.1".to_owned()]).collect();
    assert_eq!(pages, expected);
    for page in &pages {
        let text = fs::read_to_string(man1.join(page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS") && text.len() > 500, "{page}");
    }
    for verb in VERBS {
        let text = fs::read_to_string(man1.join(format!("redress-case-{}.1", verb.name))).unwrap();
        assert!(text.contains(&format!("redress case REFERENCE {}", verb.name).replace('-', "\\-")), "{text}");
        assert!(text.contains("Examples:"), "{}", verb.name);
    }
    let first = says(REDRESS, &["man"]);
    assert_eq!(first, fs::read_to_string(man1.join("redress.1")).unwrap());
}
