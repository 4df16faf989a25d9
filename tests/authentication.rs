//! Whose a message is proved to be, from what mail servers really write at the top of it.

use proptest::prelude::*;
use redress::domain::message::{self, MICROSOFT_365, Own, Proof};

/// The proof for a message with these lines above its other headers.
fn proof(authserv_id: &str, headers: &str) -> Proof {
    let raw = format!("{headers}From: Ada Example <ada@homes.example.org>\nSubject: Re: WEL-1001-Z\n\nAcknowledge\n");
    message::read(raw.as_bytes(), &Own::default()).authentication(authserv_id)
}

/// The proof when `mx.example.org` says this.
fn said(results: &str) -> Proof {
    proof("mx.example.org", &format!("Authentication-Results: mx.example.org; {results}\n"))
}

fn passed(check: &str) -> Proof {
    Proof::Passed(check.to_owned())
}

#[track_caller]
fn assert_not_proved(proof: &Proof, because: &str) {
    assert!(!matches!(proof, Proof::Passed(_)), "{because}");
}

#[test]
fn what_mail_servers_write_of_an_officers_mail_proves_it() {
    const GOOGLE: &str = "\
Delivered-To: complaints@example.org
Received: by 2002:a05:6402:1 with SMTP id x; Tue, 1 Dec 2026 01:02:03 -0800 (PST)
ARC-Authentication-Results: i=1; mx.google.com; dmarc=fail header.from=homes.example.org
Authentication-Results: mx.google.com;
       dkim=pass header.i=@homes.example.org header.s=s1 header.b=\"a/b+c=\";
       spf=pass (google.com: domain of ada@homes.example.org designates 192.0.2.1 as permitted sender) smtp.mailfrom=ada@homes.example.org;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=homes.example.org
";
    const MICROSOFT: &str = "\
Received: from LO2P123.GBRP123.PROD.OUTLOOK.COM (2603:10a6:600:1::1) by LO4P123.GBRP123.PROD.OUTLOOK.COM with HTTPS
Authentication-Results: spf=pass (sender IP is 192.0.2.1)
 smtp.mailfrom=homes.example.org; dkim=pass (signature was verified)
 header.d=homes.example.org;dmarc=pass action=none
 header.from=homes.example.org;compauth=pass reason=100
";
    const MICROSOFT_INSIDE: &str = "\
Authentication-Results: dkim=none (message not signed)
 header.d=none;dmarc=none action=none header.from=homes.example.org;
X-MS-Exchange-Organization-AuthAs: Internal
";
    const YAHOO: &str = "\
Authentication-Results: atlas-production.v2-mail.example.com;
 dkim=pass header.i=@homes.example.org header.s=20230601;
 spf=pass smtp.mailfrom=homes.example.org;
 dmarc=pass(p=NONE) header.from=homes.example.org;
";
    const RSPAMD: &str = "\
Authentication-Results: mx.example.org;
\tdkim=pass header.d=homes.example.org header.s=dkim header.b=YVtA3q2X;
\tarc=none;
\tdmarc=pass (policy=quarantine) header.from=homes.example.org;
\tspf=pass (mx.example.org: domain of prvs=0123=ada@homes.example.org designates 192.0.2.1 as permitted sender) smtp.mailfrom=prvs=0123=ada@homes.example.org
";
    const EXIM: &str = "\
Authentication-Results: mx.example.org;
\tiprev=pass (out.example.org) smtp.remote-ip=2001:db8::1;
\tspf=pass smtp.mailfrom=homes.example.org;
\tdkim=none
";
    for (server, headers, check) in [
        ("mx.google.com", GOOGLE, "dmarc"),
        (MICROSOFT_365, MICROSOFT, "dmarc"),
        (MICROSOFT_365, MICROSOFT_INSIDE, "login"),
        ("atlas-production.v2-mail.example.com", YAHOO, "dmarc"),
        ("MX.example.ORG", RSPAMD, "dmarc"),
        ("mx.example.org", EXIM, "spf"),
    ] {
        assert_eq!(proof(server, headers), passed(check), "{headers}");
        assert_eq!(proof(server, &headers.replace('\n', "\r\n")), passed(check), "with CRLF: {headers}");
        assert_eq!(proof("mx.example.net", headers), Proof::Absent, "another server is trusted: {headers}");
    }
}

#[test]
fn the_grammar_of_the_field_is_followed_to_its_corners() {
    for field in [
        "mx.example.org 1; dmarc=pass header.from=homes.example.org",
        "\"mx.example.org\" ; DMARC=Pass header.from=\"homes.example.org\"",
        "(ours (nested \\) still)) mx.example.org (v) 1 ; dmarc / 1 = pass (ok; dmarc=fail) header . from = homes.example.org",
        "mx.example.org;\n dkim=fail reason=\"bad; signature\" header.d=list.example.net;\n dmarc=pass\n header.from=homes.example.org",
        "mx.example.org; auth=pass smtp.auth=ada;; dmarc=pass policy.dmarc=none header.from=homes.example.org;",
    ] {
        let proof = proof("mx.example.org", &format!("Authentication-Results: {field}\n"));
        assert_eq!(proof, passed("dmarc"), "{field}");
    }
    for field in [
        "mx.example.org 2; dmarc=pass header.from=homes.example.org",
        "mx.example.org; dmarc/2=pass header.from=homes.example.org",
        "mx.example.org; none",
        "mx.example.org",
        "mx.example.org; dmarc header.from=homes.example.org",
        "mx.example.org; dmarc=pass",
        "mx.example.org; x=dmarc=pass header.from=homes.example.org",
        "",
    ] {
        let proof = proof("mx.example.org", &format!("Authentication-Results: {field}\n"));
        assert_not_proved(&proof, field);
    }
}

#[test]
fn only_the_topmost_field_counts_and_only_of_the_server_that_is_trusted() {
    const OURS: &str = "Authentication-Results: mx.example.org; dmarc=pass header.from=homes.example.org\n";
    const NOTHING: &str = "Authentication-Results: mx.example.org; dmarc=none header.from=homes.example.org\n";
    const THEIRS: &str = "Authentication-Results: mx.example.com; dmarc=pass header.from=homes.example.org\n";
    assert_eq!(proof("mx.example.org", &format!("{OURS}{THEIRS}")), passed("dmarc"));
    assert_eq!(proof("mx.example.org", &format!("{THEIRS}{OURS}")), Proof::Absent);
    assert_not_proved(&proof("mx.example.org", &format!("{NOTHING}{OURS}")), "the sender wrote the lower one");
    assert_eq!(proof("mx.example.org", ""), Proof::Absent);
    for sealed in
        ["ARC-Authentication-Results: i=1; ", "X-Authentication-Results: ", "Authentication-Results-Original: "]
    {
        let headers = OURS.replace("Authentication-Results: ", sealed);
        assert_eq!(proof("mx.example.org", &headers), Proof::Absent, "{headers}");
    }
    let forged_inside = "X-MS-Exchange-Organization-AuthAs: Internal\n";
    assert_eq!(proof("mx.example.org", forged_inside), Proof::Absent);
    assert_not_proved(&proof("mx.example.org", &format!("{NOTHING}{forged_inside}")), "that mark is Exchange's");
}

#[test]
fn a_check_counts_for_the_organisation_of_the_sender_alone() {
    for (results, check) in [
        ("dkim=pass header.d=example.org", "dkim"),
        ("dkim=pass header.d=mail.example.org header.i=@other.example.net", "dkim"),
        ("dkim=fail header.d=list.example.net; dkim=pass header.d=homes.example.org.", "dkim"),
        ("spf=pass smtp.mailfrom=bounces+ada=example.net@bounce.example.org", "spf"),
        ("spf=pass smtp.mailfrom=\"a; b\"@homes.example.org", "spf"),
        ("dmarc=temperror header.from=homes.example.org; spf=pass smtp.mailfrom=example.org", "spf"),
    ] {
        assert_eq!(said(results), passed(check), "{results}");
    }
    for results in [
        "dmarc=pass header.from=example.net",
        "dmarc=pass header.from=example.org",
        "dmarc=pass header.from=homes.example.org.example.net",
        "dmarc=fail header.from=homes.example.org; dkim=pass header.d=homes.example.org",
        "dkim=pass header.d=example.net",
        "dkim=pass header.d=homes.example.org header.d=example.net",
        "dkim=pass header.d=org",
        "dkim=pass header.s=homes.example.org",
        "dkim=neutral header.d=homes.example.org",
        "spf=pass smtp.helo=homes.example.org",
        "spf=pass smtp.mailfrom=homes.example.org@example.net",
        "spf=pass smtp.mailfrom=notexample.org",
        "spf=softfail smtp.mailfrom=homes.example.org",
        "dkim=bestguesspass header.d=homes.example.org",
        "auth=pass smtp.auth=ada@homes.example.org",
    ] {
        assert_not_proved(&said(results), results);
    }
    let council = |results: &str| {
        let raw = format!("Authentication-Results: mx; {results}\nFrom: ada@camden.gov.uk\n\nAcknowledge\n");
        message::read(raw.as_bytes(), &Own::default()).authentication("mx")
    };
    assert_eq!(council("dkim=pass header.d=mail.camden.gov.uk"), passed("dkim"));
    assert_not_proved(&council("dkim=pass header.d=hackney.gov.uk"), "two councils are two organisations");
    assert_not_proved(&council("dkim=pass header.d=gov.uk"), "nobody is all of gov.uk");
}

#[test]
fn why_it_is_not_proved_is_said_in_words() {
    for (results, why) in [
        ("dmarc=fail header.from=homes.example.org", "dmarc=fail"),
        ("spf=fail smtp.mailfrom=homes.example.org", "spf=fail"),
        ("spf=pass smtp.mailfrom=example.net", "no check passed for its domain"),
        ("dmarc=pass header.from=homes.example.org (", "the server's word on it cannot be read"),
    ] {
        assert_eq!(said(results), Proof::Failed(why.to_owned()), "{results}");
    }
}

#[test]
fn words_of_the_sender_in_the_servers_field_prove_nothing() {
    for results in [
        "spf=fail smtp.mailfrom=\"a; dmarc=pass header.from=homes.example.org\"@example.net",
        "spf=fail (domain of a) ; dmarc=pass header.from=homes.example.org (@example.net does not designate)) smtp.helo=x",
        "spf=fail (domain of a; dmarc=pass header.from=homes.example.org",
        "spf=fail smtp.mailfrom=\"a; dmarc=pass header.from=homes.example.org",
        "spf=fail smtp.mailfrom=a=dmarc=pass@example.net",
    ] {
        assert_not_proved(&said(results), results);
    }
}

#[test]
fn two_authors_prove_nothing() {
    let field = "Authentication-Results: mx; dmarc=pass header.from=homes.example.org\n";
    for from in [
        "From: ada@homes.example.org\nFrom: mallory@example.net\n",
        "From: mallory@example.net\nFrom: ada@homes.example.org\n",
        "From: ada@homes.example.org, mallory@example.net\n",
        "Sender: ada@homes.example.org\n",
        "From: nobody\nSender: ada@homes.example.org\n",
        "",
    ] {
        let message = message::read(format!("{field}{from}\nAcknowledge\n").as_bytes(), &Own::default());
        let Proof::Failed(why) = message.authentication("mx") else { panic!("{from} is proved") };
        assert!(why.contains("From field"), "{why}");
    }
}

proptest! {
    #[test]
    fn nothing_is_proved_without_the_word_pass_and_nothing_panics(field in "[a-z0-9;=()\"\\\\./@ -]{0,200}") {
        let proof = proof("mx", &format!("Authentication-Results: mx; {field}\n"));
        prop_assert!(field.contains("pass") || !matches!(proof, Proof::Passed(_)));
    }

    #[test]
    fn whatever_stands_below_the_topmost_field_changes_nothing(
        below in "(Authentication-Results: mx; (dmarc|dkim|spf)=pass (header.from|header.d|smtp.mailfrom)=homes.example.org\n){0,3}",
    ) {
        let top = "Authentication-Results: mx; dmarc=none header.from=homes.example.org\n";
        prop_assert_eq!(proof("mx", &format!("{top}{below}")), proof("mx", top));
    }
}

#[test]
fn a_field_as_long_as_fields_get_is_read_in_linear_time() {
    for piece in ["(", "\"", "=", "a=", "a.", "; dmarc=pass header.from=homes.example.org", "\\", ";"] {
        let started = std::time::Instant::now();
        let long = piece.repeat(4_000_000 / piece.len());
        proof("mx", &format!("Authentication-Results: mx; {long}\n"));
        assert!(started.elapsed().as_secs() < 5, "{piece}");
    }
}

#[test]
fn an_operator_sees_which_server_says_what() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("message.eml");
    let seen = |results: &str| {
        let raw = format!("Authentication-Results: {results}\nFrom: ada@example.org\nSubject: Yours\n\nAcknowledge\n");
        std::fs::write(&file, raw).expect("message written");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_redress")).arg("inspect").arg(&file).output();
        String::from_utf8(output.expect("inspect runs").stdout).expect("UTF-8")
    };
    for (results, line) in [
        ("mx.example.org; dmarc=pass header.from=example.org", "proved (dmarc=pass), says mx.example.org"),
        ("spf=softfail smtp.mailfrom=example.org", "not proved (no check passed for its domain), says microsoft365"),
    ] {
        let page = seen(results);
        let sender = page.lines().find_map(|fact| fact.trim().strip_prefix("sender"));
        assert_eq!(sender.map(str::trim), Some(line), "{page}");
    }
}
