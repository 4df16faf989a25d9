//! What machines write to a complaints mailbox: every kind of report, note and receipt, about letters of ours or about
//! letters that somebody forged in our name.

use crate::people::Dice;
use crate::sim::Letter;

/// A letter as the machine that writes about it remembers it.
pub struct Original {
    to: String,
    subject: String,
    message_id: String,
    bytes: Vec<u8>,
}

impl Original {
    pub fn ours(letter: &Letter) -> Original {
        Original {
            to: letter.to.clone(),
            subject: letter.subject.clone(),
            message_id: letter.message_id.clone(),
            bytes: letter.bytes.clone(),
        }
    }

    /// Somebody wrote it in our name: with a Message-ID of their own, or one made from `like`.
    pub fn forged(dice: &mut Dice, number: usize, like: Option<&Letter>) -> Original {
        let to = format!("{}.{}@example.net", dice.pick(&FIRST), dice.below(10_000));
        let subject =
            (*dice.pick(&["Your invoice", "You have won", "RE: payment", "We have your complaint"])).to_owned();
        let message_id = match like {
            // Ours but for the last sign of its hash.
            Some(letter) => {
                let (local, domain) = letter.message_id.split_once('@').expect("a Message-ID has two halves");
                let last = if local.ends_with('a') { 'b' } else { 'a' };
                format!("{}{last}@{domain}", &local[..local.len() - 1])
            }
            None => format!("{number}.{}@mailer.example.net", dice.below(1_000_000)),
        };
        let bytes = format!(
            "From: Orchard <complaints@example.org>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{message_id}>\r\n\r\n\
             Open the file at once.\r\n"
        );
        Original { to, subject, message_id, bytes: bytes.into_bytes() }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn domain(&self) -> &str {
        self.to.split_once('@').map_or("example.com", |(_, domain)| domain)
    }
}

/// One kind of machine.
#[derive(Debug)]
pub struct Machine {
    pub name: &'static str,
    /// It says that a letter did not arrive.
    pub returns: bool,
    writes: fn(&Original, usize, &mut Dice) -> String,
}

impl Machine {
    /// The message, the `number`th of the night.
    pub fn writes(&self, original: &Original, number: usize, dice: &mut Dice) -> Vec<u8> {
        (self.writes)(original, number, dice).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
    }
}

const fn returns(name: &'static str, writes: fn(&Original, usize, &mut Dice) -> String) -> Machine {
    Machine { name, returns: true, writes }
}

const fn answers(name: &'static str, writes: fn(&Original, usize, &mut Dice) -> String) -> Machine {
    Machine { name, returns: false, writes }
}

pub const MACHINES: [Machine; 24] = [
    returns("Postfix", postfix),
    returns("Exchange", exchange),
    returns("Gmail", gmail),
    returns("Exim", exim),
    returns("qmail", qmail),
    returns("full mailbox", full),
    returns("Sieve", sieve),
    returns("gateway", gateway),
    answers("Postfix, delayed", postfix_delayed),
    answers("Exim, delayed", exim_delayed),
    answers("absence with headers", absence_with_headers),
    answers("absence by subject", absence_by_subject),
    answers("absence in words", absence_in_words),
    answers("ticket system", ticket),
    answers("ticket system without headers", ticket_without_headers),
    answers("council", council),
    answers("read receipt", read),
    answers("deleted unread", unread),
    answers("list server", list_server),
    answers("list moderator", list_moderator),
    answers("challenge", challenge),
    answers("abuse report", abuse),
    answers("our own letter", our_own),
    answers("calendar", calendar),
];

const FIRST: [&str; 8] = ["sam", "kim", "lee", "jo", "pat", "max", "ray", "viv"];

/// The head of a message to us. Of some machines every third message has no Message-ID.
fn head(from: &str, subject: &str, number: usize, more: &str) -> String {
    let host = from.rsplit_once('@').map_or("example.com", |(_, domain)| domain.trim_end_matches('>'));
    let id = if number.is_multiple_of(3) { String::new() } else { format!("Message-ID: <machine.{number}@{host}>\n") };
    format!(
        "From: {from}\nTo: complaints@example.org\nSubject: {subject}\nDate: Thu, 26 Nov 2026 23:00:00 +0000\n{id}{more}\
         MIME-Version: 1.0\n"
    )
}

fn answering(original: &Original) -> String {
    format!("In-Reply-To: <{0}>\nReferences: <{0}>\n", original.message_id)
}

const TEXT: &str = "Content-Type: text/plain; charset=utf-8\n\n";

/// RFC 3464: the explanation, the status, and the letter or its head.
fn report(head: &str, words: &str, status: &str, returned: (&str, &str)) -> String {
    let (content_type, letter) = returned;
    format!(
        "{head}Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_r\"\n\n\
         --=_r\n{TEXT}{words}\n\
         --=_r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n{status}\n\
         --=_r\nContent-Type: {content_type}\n\n{letter}\n--=_r--\n"
    )
}

fn status(original: &Original, action: &str, code: &str, reply: &str) -> String {
    format!(
        "Final-Recipient: rfc822; {}\nAction: {action}\nStatus: {code}\nDiagnostic-Code: smtp; {reply}",
        original.to
    )
}

fn headers_of(original: &Original) -> String {
    let Original { to, subject, message_id, .. } = original;
    format!("From: complaints@example.org\nTo: {to}\nSubject: {subject}\nMessage-ID: <{message_id}>\n")
}

fn postfix(original: &Original, number: usize, dice: &mut Dice) -> String {
    let from = "MAILER-DAEMON@mx.example.net (Mail Delivery System)";
    let head =
        head(from, "Undelivered Mail Returned to Sender", number, "Return-Path: <>\nAuto-Submitted: auto-replied\n");
    let reply = *dice.pick(&["550 5.1.1 User unknown", "554 5.7.1 Relay access denied", "550 5.4.1 No such domain"]);
    let words = format!("This is the mail system at host mx.example.net.\n\n<{}>: host said: {reply}", original.to);
    let code = reply.split(' ').nth(1).unwrap_or("5.0.0");
    report(&head, &words, &status(original, "failed", code, reply), ("text/rfc822-headers", &headers_of(original)))
}

fn exchange(original: &Original, number: usize, _: &mut Dice) -> String {
    let from = format!("Microsoft Outlook <postmaster@{}>", original.domain());
    let head = head(&from, &format!("Undeliverable: {}", original.subject), number, "Auto-Submitted: auto-replied\n");
    let words = format!("Your message to {} couldn't be delivered.\n\nThe address wasn't found.", original.to);
    let reply = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup";
    report(&head, &words, &status(original, "failed", "5.1.10", reply), ("message/rfc822", &original.text()))
}

fn gmail(original: &Original, number: usize, _: &mut Dice) -> String {
    let more = format!("X-Failed-Recipients: {}\nAuto-Submitted: auto-replied\n{}", original.to, answering(original));
    let from = "Mail Delivery Subsystem <mailer-daemon@mail.example.com>";
    let head = head(from, "Delivery Status Notification (Failure)", number, &more);
    let words = format!("** Address not found **\n\nYour message wasn't delivered to {}.", original.to);
    let reply = "550-5.1.1 The email account that you tried to reach does not exist.";
    report(&head, &words, &status(original, "failed", "5.1.1", reply), ("message/rfc822", &original.text()))
}

fn exim(original: &Original, number: usize, _: &mut Dice) -> String {
    let more = format!("X-Failed-Recipients: {}\nAuto-Submitted: auto-replied\n", original.to);
    let from = "Mail Delivery System <Mailer-Daemon@relay.example.net>";
    let head = head(from, "Mail delivery failed: returning message to sender", number, &more);
    format!(
        "{head}{TEXT}This message was created automatically by mail delivery software.\n\n\
         A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error.\n\n  \
         {}\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\n{}",
        original.to,
        original.text()
    )
}

fn qmail(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}\nHi. This is the qmail-send program at mail.example.net.\nI'm afraid I wasn't able to deliver your message to \
         the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{}>:\nSorry, no \
         mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{}",
        head("MAILER-DAEMON@mail.example.net", "failure notice", number, ""),
        original.to,
        original.text()
    )
}

fn full(original: &Original, number: usize, _: &mut Dice) -> String {
    let head =
        head("Mail Delivery System <mailer-daemon@mx.example.org>", "Delivery failure", number, "Return-Path: <>\n");
    let reply = "552 5.2.2 Mailbox over quota";
    report(
        &head,
        "Delivery has failed.",
        &status(original, "failed", "5.2.2", reply),
        ("message/rfc822", &original.text()),
    )
}

fn sieve(original: &Original, number: usize, _: &mut Dice) -> String {
    let Original { to, message_id, .. } = original;
    let from = format!("Mail Delivery Subsystem <{to}>");
    format!(
        "{}Content-Type: multipart/report; report-type=disposition-notification; boundary=\"=_s\"\n\n--=_s\n{TEXT}Your \
         message to <{to}> was automatically rejected:\nThis person takes no mail from you.\n--=_s\nContent-Type: \
         message/disposition-notification\n\nFinal-Recipient: rfc822; {to}\nOriginal-Message-ID: <{message_id}>\n\
         Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--=_s--\n",
        head(
            &from,
            "Automatically rejected mail",
            number,
            "Return-Path: <>\nAuto-Submitted: auto-replied (rejected)\n"
        )
    )
}

fn gateway(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}{TEXT}****** Message from the mail gateway ******\n\nThe following mail could not be delivered.\nTo: {}\nReason: \
         the host of the recipient did not answer.\n",
        head("gateway@mx.example.net", "Mail could not be delivered", number, ""),
        original.to
    )
}

fn postfix_delayed(original: &Original, number: usize, _: &mut Dice) -> String {
    let from = "MAILER-DAEMON@mx.example.net (Mail Delivery System)";
    let head = head(from, "Delayed Mail (still being retried)", number, "Auto-Submitted: auto-replied\n");
    let words = "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.";
    let status = status(original, "delayed", "4.4.1", "connection timed out");
    report(&head, words, &status, ("text/rfc822-headers", &headers_of(original)))
}

fn exim_delayed(original: &Original, number: usize, _: &mut Dice) -> String {
    let from = "Mail Delivery System <Mailer-Daemon@relay.example.net>";
    format!(
        "{}{TEXT}This message was created automatically by mail delivery software.\n\nA message that you sent has not yet \
         been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\n  {}\n    Delay reason: \
         Connection timed out\n\nNo action is required on your part. Delivery attempts will continue.\n",
        head(from, "Warning: message 1kAbcD-0001 delayed 24 hours", number, "Auto-Submitted: auto-replied\n"),
        original.to
    )
}

fn absence_with_headers(original: &Original, number: usize, dice: &mut Dice) -> String {
    let header = *dice.pick(&[
        "Auto-Submitted: auto-replied (vacation)\n",
        "Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n",
        "X-Autoreply: yes\nPrecedence: bulk\n",
        "X-Autorespond: away\n",
        "X-Vacation: yes\n",
        "Precedence: auto_reply\n",
        "Return-Path: <>\n",
        "X-POST-MessageClass: 9; Autoresponder\n",
    ]);
    let words = *dice.pick(&[
        "I am out of the office until Monday.",
        "Ich bin bis Montag im Urlaub.",
        "Je suis absente jusqu'au 30 novembre.",
        "Jestem na urlopie do poniedziałku.",
        "Estoy de vacaciones hasta el lunes.",
        "Rydw i allan o'r swyddfa tan ddydd Llun.",
        "Sunt în concediu până luni.",
        "Pazartesiye kadar izindeyim.",
        "আমি ছুটিতে আছি।",
        "میں چھٹی پر ہوں۔",
    ]);
    let more = format!("{header}{}", answering(original));
    format!("{}{TEXT}{words}\n", head(&original.to, &format!("Re: {}", original.subject), number, &more))
}

fn absence_by_subject(original: &Original, number: usize, dice: &mut Dice) -> String {
    let (subject, words) = *dice.pick(&[
        ("Automatic reply", "I am on annual leave."),
        ("Out of Office", "Back on Monday."),
        ("Automatische Antwort", "Ich bin bis Montag im Urlaub."),
        ("Réponse automatique ", "Je suis en congé."),
        ("Respuesta automática", "Vuelvo el lunes."),
        ("Odpowiedź automatyczna", "Wracam w poniedziałek."),
        ("Ymateb awtomatig", "Yn ôl ddydd Llun."),
        ("Răspuns automat", "Mă întorc luni."),
        ("Otomatik yanıt", "Pazartesi döneceğim."),
        ("Автоматический ответ", "Вернусь в понедельник."),
        ("رد تلقائي", "أعود يوم الاثنين."),
        ("自动答复", "周一回来。"),
    ]);
    let subject = format!("{subject}: {}", original.subject);
    format!("{}{TEXT}{words}\n", head(&original.to, &subject, number, ""))
}

fn absence_in_words(original: &Original, number: usize, dice: &mut Dice) -> String {
    let words = *dice.pick(&[
        "Thank you for your email. I am away from the office until 30 November and will reply on my return.",
        "I am on annual leave until Monday. If your query is urgent please contact the office.",
        "Our offices are closed and will reopen on Monday. Your email will be answered then.",
        "Ich bin derzeit im Urlaub. In dringenden Fällen wenden Sie sich bitte an meine Vertretung.",
        "Je suis absente du bureau jusqu'au 30 novembre. En cas d'urgence, veuillez contacter l'accueil.",
        "Przebywam na urlopie do 30 listopada. W pilnych sprawach proszę o kontakt z biurem.",
        "Sunt în concediu până pe 30 noiembrie. Pentru urgențe contactați colega mea.",
        "Я в отпуске до 30 ноября. По срочным вопросам обращайтесь к моей коллеге.",
    ]);
    let more = answering(original);
    format!("{}{TEXT}{words}\n", head(&original.to, &format!("Re: {}", original.subject), number, &more))
}

fn ticket(original: &Original, number: usize, _: &mut Dice) -> String {
    let more = "Auto-Submitted: auto-replied\nX-OTRS-Loop: helpdesk@example.net\nPrecedence: bulk\n";
    format!(
        "{}{TEXT}Thank you for your message. Your ticket number is {number}. We will be in touch shortly.\n",
        head("Helpdesk <helpdesk@example.net>", &format!("[#{number}] {}", original.subject), number, more)
    )
}

fn ticket_without_headers(_: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}{TEXT}Hello,\n\nYour request has been logged and is being reviewed by our support staff. Your\nticket number is \
         {number}.\n\nTo add additional comments, reply to this email.\n",
        head(
            "Contact Centre <contact@example.net>",
            &format!("[Ticket#{number}] We have received your request"),
            number,
            ""
        )
    )
}

fn council(_: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}{TEXT}Thank you for contacting us.\n\nThis is an automated response. We aim to reply within 10 working days.\n",
        head("Council <hello@council.example.net>", "Thank you for contacting the council", number, "")
    )
}

fn read(original: &Original, number: usize, _: &mut Dice) -> String {
    receipt(
        original,
        number,
        "Read",
        "Your message was read on Thursday.",
        "manual-action/MDN-sent-manually; displayed",
    )
}

fn unread(original: &Original, number: usize, _: &mut Dice) -> String {
    let disposition = "manual-action/MDN-sent-automatically; deleted";
    receipt(original, number, "Not read", "Your message was deleted without being read on Thursday.", disposition)
}

/// RFC 8098.
fn receipt(original: &Original, number: usize, title: &str, words: &str, disposition: &str) -> String {
    let Original { to, subject, message_id, .. } = original;
    format!(
        "{}Content-Type: multipart/report; report-type=disposition-notification; boundary=\"=_m\"\n\n--=_m\n{TEXT}{words}\n\
         --=_m\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;{to}\nOriginal-Message-ID: \
         <{message_id}>\nDisposition: {disposition}\n\n--=_m--\n",
        head(to, &format!("{title}: {subject}"), number, "")
    )
}

fn list_server(_: &Original, number: usize, _: &mut Dice) -> String {
    let from = "gardeners-request@lists.example.net";
    let more = "Precedence: bulk\nX-Mailman-Version: 2.1.39\nList-Id: <gardeners.lists.example.net>\n";
    format!(
        "{}{TEXT}The results of your email command are provided below.\n\n- Unprocessed:\n    Open the file at once.\n\n- \
         Done.\n",
        head(from, "The results of your email commands", number, more)
    )
}

fn list_moderator(original: &Original, number: usize, _: &mut Dice) -> String {
    let subject = "Your message to Gardeners awaits moderator approval";
    format!(
        "{}{TEXT}Your mail to 'Gardeners' with the subject\n\n    {}\n\nIs being held until the list moderator can review it \
         for approval.\n",
        head("gardeners-bounces@lists.example.net", subject, number, "Precedence: list\n"),
        original.subject
    )
}

fn challenge(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}{TEXT}I am protecting myself from receiving junk mail. Please click the link\nbelow to complete the verification \
         process. You have to do this only once.\n\nhttps://verify.example.net/c?i={number}\n",
        head(&original.to, &format!("Re: {} [verification]", original.subject), number, "")
    )
}

/// RFC 5965.
fn abuse(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}Content-Type: multipart/report; report-type=feedback-report; boundary=\"=_f\"\n\n--=_f\n{TEXT}This is an email \
         abuse report.\n--=_f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: \
         1\n\n--=_f\nContent-Type: message/rfc822\n\n{}\n--=_f--\n",
        head("fbl@provider.example.net", &format!("FW: {}", original.subject), number, ""),
        original.text()
    )
}

/// By a road that brings everything back to where it came from.
fn our_own(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "Received: from loop.example.net by mx.example.org with ESMTP id {number}\nX-Loops: {number}\n{}",
        original.text()
    )
}

fn calendar(original: &Original, number: usize, _: &mut Dice) -> String {
    format!(
        "{}Content-Type: text/calendar; method=REPLY; charset=utf-8\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:{number}\n\
         END:VEVENT\nEND:VCALENDAR\n",
        head(&original.to, &format!("Accepted: {}", original.subject), number, "")
    )
}
