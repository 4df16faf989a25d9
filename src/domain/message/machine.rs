//! Person or machine: a graded verdict with its reasons (RFC 3834, 3464, 8098, 5965, 2919).
//!
//! Order matters: a delivery report is one whatever list headers it inherited, an out-of-office note one whatever it
//! quotes. Signs are sure (a header or part made for the purpose), or wording, which needs a second sign, for people write
//! *about* bounced mail and absences. `Auto-Submitted: no` outweighs wording, not sure signs.
//!
//! A form or portal that marks its mail `Auto-Submitted: auto-generated` carries a person's words: its kind is
//! [`Kind::Person`], so that the clock runs; it is not answered unless its sender is in [`Own::forms`].

use super::mime::{Entity, single_spaced};
use super::{Kind, Message, Own, quote, report};

/// Characters of the text that are searched for wording.
const WORDING_CHARS: usize = 4_000;
/// An automatic answer without any header is short.
const UNMARKED_REPLY_CHARS_MAX: usize = 2_500;

pub(super) struct Verdict {
    pub kind: Kind,
    pub may_answer: bool,
    pub reasons: Vec<String>,
}

/// Says what a message is and whether it may be answered.
pub(super) fn judge(entity: &Entity<'_>, message: &Message, own: &Own) -> Verdict {
    let facts = Facts::gather(entity, message, own);
    let judges: [(Kind, fn(&Facts<'_>) -> Option<String>); 7] = [
        (Kind::Feedback, feedback),
        (Kind::Receipt, receipt),
        (Kind::Bounce, bounce),
        (Kind::AutoReply, auto_reply),
        (Kind::Machine, ourselves),
        (Kind::List, list),
        (Kind::Machine, program),
    ];
    let (kind, mut reasons) = judges
        .into_iter()
        .find_map(|(kind, judge)| judge(&facts).map(|reason| (kind, vec![reason])))
        .unwrap_or((Kind::Person, Vec::new()));
    let withheld = withheld(&facts);
    let may_answer = kind == Kind::Person && withheld.is_empty();
    reasons.extend(withheld);
    if may_answer {
        reasons.push(match facts.form {
            true => "The sender is configured as a form; the answer goes to its Reply-To.".to_owned(),
            false => "No header, sender or wording of a machine.".to_owned(),
        });
    }
    Verdict { kind, may_answer, reasons }
}

struct Facts<'a> {
    entity: &'a Entity<'a>,
    message: &'a Message,
    own: &'a Own,
    /// Lower case.
    subject: String,
    /// The beginning of the newly written text, lower case, lines kept.
    words: String,
    /// The beginning of the whole text, lower case, white space single.
    all: String,
    /// The From field as it stands, lower case: some daemons' addresses are none.
    from: String,
    /// `Auto-Submitted` without comment and parameters, lower case (RFC 3834, 5.1).
    auto_submitted: String,
    null_sender: bool,
    /// The sender is a configured form and names somebody to answer.
    form: bool,
}

impl<'a> Facts<'a> {
    fn gather(entity: &'a Entity<'a>, message: &'a Message, own: &'a Own) -> Self {
        let beginning =
            |text: &str| text.chars().take(WORDING_CHARS).collect::<String>().to_lowercase().replace('’', "'");
        let auto_submitted = entity.raw("auto-submitted").unwrap_or_default().to_ascii_lowercase();
        let keyword = auto_submitted.split([';', '(']).next().unwrap_or_default().trim();
        let from = message.from.as_ref().map_or("", |from| from.address.as_str());
        let answered = message.reply_to.as_ref().map_or("", |to| to.address.as_str());
        Self {
            entity,
            message,
            own,
            subject: message.subject.to_lowercase().replace('’', "'"),
            words: beginning(&message.new_text()),
            all: single_spaced(&beginning(&message.text)),
            from: entity.text_of("from").unwrap_or_default().to_lowercase(),
            auto_submitted: keyword.to_owned(),
            null_sender: entity
                .raw("return-path")
                .is_some_and(|path| matches!(path.trim(), "<>" | "< >" | "<MAILER-DAEMON>")),
            form: own.forms.iter().any(|form| form == from) && !answered.is_empty() && answered != from,
        }
    }

    fn value(&self, name: &str) -> String {
        self.entity.raw(name).unwrap_or_default().trim().to_lowercase()
    }

    /// `Auto-Submitted: no` is the sender's word that a person wrote it (RFC 3834, 5.1).
    fn says_person(&self) -> bool {
        self.auto_submitted == "no"
    }

    fn says_automatic(&self) -> bool {
        self.auto_submitted.starts_with("auto-") || self.null_sender || self.precedence().is_some()
    }

    fn precedence(&self) -> Option<String> {
        ["precedence", "x-precedence", "preference"].into_iter().map(|name| self.value(name)).find(|value| {
            ["bulk", "junk", "list", "auto_reply", "auto-reply"].iter().any(|known| value.starts_with(known))
        })
    }

    fn part(&self, content_type: &str) -> bool {
        self.entity.walk(false).iter().any(|part| part.content_type == content_type)
    }

    /// `report-type` of the message itself or of a part of it, lower case (RFC 6522).
    fn report_type(&self) -> Option<String> {
        let report = |part: &&Entity<'_>| part.content_type == "multipart/report";
        let part = self.entity.walk(false).into_iter().find(report)?;
        Some(part.parameter("report-type").unwrap_or_default().to_ascii_lowercase())
    }
}

fn feedback(facts: &Facts<'_>) -> Option<String> {
    let reported = facts.report_type().is_some_and(|kind| kind == "feedback-report");
    (reported || facts.part("message/feedback-report")).then(|| "An abuse report (RFC 5965).".to_owned())
}

fn receipt(facts: &Facts<'_>) -> Option<String> {
    const SUBJECTS: &[&str] = &[
        "read:",
        "not read:",
        "read receipt",
        "return receipt",
        "delivered:",
        "relayed:",
        "gelesen:",
        "ungelesen gelöscht:",
        "lu :",
        "lu:",
        "non lu",
        "leído:",
        "letto:",
        "non letto:",
        "lida:",
        "lido:",
        "gelezen:",
        "läst:",
        "lest:",
        "læst:",
        "luettu:",
        "přečteno:",
        "przeczytano:",
        "okundu:",
        "прочитано:",
        "прочтено:",
        "citit:",
        "開封済み:",
        "已读:",
        "已讀:",
        "مقروءة:",
        "darllenwyd:",
    ];
    const PHRASES: &[&str] = &[
        "was read on",
        "was deleted without being read",
        "was displayed on",
        "has been displayed on the recipient",
        "this is a return receipt",
        "no guarantee that the message has been read",
        "wurde gelesen am",
        "wurde am",
        "a été lu",
        "a été affiché",
        "se leyó",
        "fue leído",
        "è stato letto",
        "è stato visualizzato",
        "is gelezen op",
        "foi lida",
        "została przeczytana",
        "a fost citit",
        "было прочитано",
        "was successfully delivered",
    ];
    if facts.report_type().is_some_and(|kind| kind == "disposition-notification")
        || facts.part("message/disposition-notification")
    {
        return Some("A disposition notification (RFC 8098).".to_owned());
    }
    if report::is_success(facts.entity) {
        return Some("A delivery report that says the letter arrived (RFC 3464, 2.3.3).".to_owned());
    }
    let titled = SUBJECTS.iter().any(|subject| facts.subject.starts_with(subject));
    let short = facts.message.text.len() < 1_500;
    if titled && short && !facts.says_person() && PHRASES.iter().any(|phrase| facts.all.contains(phrase)) {
        return Some("Subject and wording of a read receipt.".to_owned());
    }
    let recalls = facts.subject.starts_with("recall:") && facts.all.contains("would like to recall the message");
    recalls.then(|| "A request to recall a message.".to_owned())
}

/// Senders that only ever return mail.
const DAEMONS: &[&str] = &[
    "mailer-daemon",
    "mailer_daemon",
    "mailerdaemon",
    "mdaemon@",
    "mail-daemon",
    "maildaemon",
    "mail.delivery.system",
    "double-bounce@",
    "mail delivery system",
    "mail delivery subsystem",
    "mail delivery service",
    "delivery subsystem",
    "maildelivery@",
    "mail-delivery@",
];
/// Senders that return mail and write other notices as well.
const ADMINISTRATORS: &[&str] = &[
    "postmaster",
    "microsoftexchange",
    "system administrator",
    "mail administrator",
    "mailadm",
    "mail system",
    "mail server",
    "smtp_mail_service",
    "mailgateway",
    "systemadministrator",
    "administrateur système",
    "systemadministrator",
    "administrador del sistema",
    "internet mail delivery",
    "mail router",
    "message delivery",
];

/// Beginnings of subjects of delivery reports, lower case.
const BOUNCE_SUBJECTS: &[&str] = &[
    "undeliverable",
    "undelivered",
    "undeliveried",
    "non-delivery",
    "nondeliverable",
    "non delivery",
    "not delivered",
    "non-deliverable",
    "unable to deliver",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "delivery notification",
    "delivery report",
    "delivery error",
    "delivery has failed",
    "delivery delay",
    "failure delivery",
    "failed delivery",
    "failure notice",
    "failed mail",
    "failure to deliver",
    "mail delivery",
    "mail failure",
    "mail failed",
    "mail error",
    "mail could not be delivered",
    "mail not delivered",
    "mail undeliverable",
    "mail system error",
    "mail status report",
    "message delivery",
    "message undeliverable",
    "message delayed",
    "message could not be delivered",
    "message not delivered",
    "message status -",
    "returned mail",
    "return mail",
    "returned to sender",
    "returned message",
    "returned email",
    "return to sender",
    "permanent delivery failure",
    "delayed mail",
    "warning: could not send",
    "warning: message",
    "warning - delayed",
    "processing error",
    "your message could not be delivered",
    "your message wasn't delivered",
    "could not deliver",
    "couldn't be delivered",
    "email delivery failure",
    "e-mail delivery failure",
    "email not delivered",
    "undelivrable",
    "rejected mail",
    "automatically rejected mail",
    "error sending message",
    "message rejected",
    "blocked delivery",
    "dsn:",
    "mta error",
    "unzustellbar",
    "zustellung",
    "nicht zustellbar",
    "non remis",
    "échec de la remise",
    "non distribué",
    "no se puede entregar",
    "no entregado",
    "error de entrega",
    "non recapitabile",
    "mancato recapito",
    "onbestelbaar",
    "niet te bezorgen",
    "não é possível entregar",
    "não entregue",
    "niedostarczon",
    "nie można dostarczyć",
    "nedoručiteln",
    "не удается доставить",
    "недоставлен",
    "ваше сообщение не доставлено",
    "сообщение не доставлено",
    "не доставлено",
    "не вдалося доставити",
    "配信不能",
    "配信不可",
    "未配信",
    "送信できませんでした",
    "无法投递",
    "未送达",
    "退信",
    "系统退信",
    "邮件退回",
    "无法传递",
    "無法傳遞",
    "無法遞送",
    "går inte att leverera",
    "ej levererat",
    "kan ikke leveres",
    "olevererbar",
    "uleverbar",
    "ei voida toimittaa",
    "teslim edilemedi",
    "nelivrabil",
    "تعذر التسليم",
    "methu â danfon",
];

/// What delivery reports say, in the languages servers speak.
const BOUNCE_PHRASES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can't be delivered",
    "was not delivered",
    "wasn't delivered",
    "not been delivered",
    "not be delivered",
    "not delivered to",
    "not yet been delivered",
    "could not deliver",
    "couldn't deliver",
    "unable to deliver",
    "can't deliver",
    "cannot deliver",
    "wasn't able to deliver",
    "was not able to deliver",
    "unable to be delivered",
    "failed to deliver",
    "delivery failed",
    "delivery has failed",
    "delivery to the following",
    "delivery failure",
    "delivery error",
    "did not reach",
    "didn't reach",
    "undeliverable",
    "undelivered",
    "unsuccessful delivery",
    "delivery attempts",
    "is being returned",
    "returned to sender",
    "returning message to sender",
    "returned unopened",
    "returned to you",
    "following address",
    "following recipient",
    "following destination",
    "permanent error",
    "permanent failure",
    "permanent fatal error",
    "fatal error",
    "transient",
    "user unknown",
    "unknown user",
    "no such user",
    "user not known",
    "not known at this",
    "not listed in",
    "recipient rejected",
    "recipient name is not recognized",
    "address rejected",
    "mailbox unavailable",
    "mailbox is full",
    "mailbox full",
    "over quota",
    "does not exist",
    "doesn't exist",
    "invalid recipient",
    "unrouteable",
    "message delayed",
    "has been delayed",
    "is delayed",
    "still being retried",
    "mail delivery software",
    "problems delivering",
    "problem delivering",
    "error occurred while",
    "message was rejected",
    "has been rejected",
    "has been blocked",
    "was blocked",
    "nicht zugestellt",
    "nicht übermittelt",
    "unzustellbar",
    "zustellung fehlgeschlagen",
    "n'a pas pu être",
    "n'a pu être remis",
    "non remis",
    "no se ha podido entregar",
    "no se pudo entregar",
    "no pudo ser entregado",
    "non è stato possibile",
    "impossibile recapitare",
    "niet worden bezorgd",
    "niet worden afgeleverd",
    "não pôde ser entregue",
    "não foi possível entregar",
    "nie można dostarczyć",
    "nie zostało dostarczone",
    "не доставлен",
    "не может быть доставлен",
    "не удалось доставить",
    "не существует",
    "配信できません",
    "配信できませんでした",
    "送信できませんでした",
    "お届けできません",
    "あて先不明",
    "無法投遞",
    "无法投递",
    "无法送达",
    "被退回",
    "退信",
    "kunde inte levereras",
    "kunne ikke leveres",
    "ei voitu toimittaa",
    "nemohla být doručena",
    "nelze doručit",
    "teslim edilemedi",
    "nu a putut fi livrat",
    "تعذر تسليم",
    "لم يتم تسليم",
    "nebylo možné doručit",
    "non recensé",
    "destinataire inconnu",
];

/// What only servers write: protocol replies, field names of reports, the head of returned mail.
const TECHNICAL: &[&str] = &[
    "smtp error",
    "smtp;",
    "remote host said",
    "host said:",
    "said: 5",
    "said: 4",
    "reporting-mta",
    "final-recipient",
    "diagnostic-code",
    "action: failed",
    "action: delayed",
    "remote-mta",
    "rcpt to",
    "<<< 5",
    "<<< 4",
    ">>> data",
    "mail from:",
    "received: from",
    "message-id: <",
    "mime-version:",
    "return-path:",
    "x-mailer:",
    "transcript of session",
    "message headers",
    "message header",
    "original message",
    "returned message",
    "mts-id",
    "mailer-daemon",
    "postmaster",
    "mail server",
    "mail system",
    "smtp",
    "delivery system",
];

fn bounce(facts: &Facts<'_>) -> Option<String> {
    let statuses = facts.entity.walk(false).into_iter().any(report::is_status);
    let kind = facts.report_type();
    if statuses || kind.as_deref() == Some("delivery-status") {
        return Some("A delivery report (RFC 3464).".to_owned());
    }
    if facts.entity.has("x-failed-recipients") {
        return Some("X-Failed-Recipients names who did not get a letter.".to_owned());
    }
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| facts.all.contains(phrase));
    let worded = says(BOUNCE_PHRASES);
    let titled = bounce_subject(&facts.subject);
    if DAEMONS.iter().any(|daemon| facts.from.contains(daemon)) {
        let reply = auto_reply(facts).is_some() && !worded && !titled;
        return (!reply).then(|| "The sender is a mail server's own (mailer-daemon).".to_owned());
    }
    let administrator = ADMINISTRATORS.iter().any(|name| facts.from.contains(name)) || facts.message.from.is_none();
    if administrator && (titled || worded) && !quote::answers(&facts.subject) && !quote::forwards(&facts.subject) {
        return Some("A mail server's administrator as sender, and wording of a delivery report.".to_owned());
    }
    if facts.says_person() {
        return None;
    }
    let technical = says(TECHNICAL)
        || has_reply_code(&facts.all)
        || facts.part("message/rfc822")
        || facts.part("text/rfc822-headers");
    if titled && (technical || facts.says_automatic() || kind.is_some()) && (worded || technical) {
        return Some("Subject and wording of a delivery report.".to_owned());
    }
    let brief = facts.all.len() < 600 && facts.all.contains('@') && !speaks_of_oneself(&facts.all);
    if titled && worded && brief {
        return Some("Subject and wording of a delivery report, in nobody's name.".to_owned());
    }
    if worded
        && technical
        && facts.says_automatic()
        && !quote::forwards(&facts.subject)
        && facts.auto_submitted != "auto-replied"
    {
        return Some("Wording of a delivery report, marked as automatic.".to_owned());
    }
    None
}

/// People who write about returned mail say "I" and "my".
fn speaks_of_oneself(words: &str) -> bool {
    const SELF: &[&str] =
        &["i", "my", "me", "i'm", "i've", "we", "our", "us", "mine", "dear", "hi", "hello", "regards"];
    words.split(|c: char| !c.is_alphanumeric() && c != '\'').any(|word| SELF.contains(&word))
}

fn bounce_subject(subject: &str) -> bool {
    // "[Postmaster] Email Delivery Failure", "***SPAM*** Undeliverable: …"
    let subject = match subject.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => subject.trim_start_matches(['*', ' ', '"', '<']),
    };
    const ENDINGS: &[&str] = &[
        ": non remis",
        "(delivery failed)",
        "user unknown!",
        "could not be delivered",
        "could not be delivered.",
        "not delivered",
    ];
    BOUNCE_SUBJECTS.iter().any(|known| subject.starts_with(known))
        || ENDINGS.iter().any(|ending| subject.ends_with(ending))
}

/// 550 5.1.1, 452-4.2.2, "554 Sorry": a server's reply (RFC 5321, 4.2; RFC 3463).
fn has_reply_code(text: &str) -> bool {
    const BEHIND: &[&str] = &[
        "requested",
        "user",
        "unknown",
        "mailbox",
        "recipient",
        "sorry",
        "<",
        "no",
        "rcpt",
        "address",
        "invalid",
        "relaying",
        "access",
        "message",
        "service",
    ];
    let code =
        |word: &str| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut before = "";
    report::enhanced_status(text).is_some()
        || text.split_whitespace().any(|word| {
            let reply = code(before) && BEHIND.iter().any(|next| word.starts_with(next));
            before = word;
            reply
        })
}

/// Subjects made by programs that answer for people: what follows must be a colon, a bracket, or nothing.
const REPLY_SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "autoresponder",
    "auto responder",
    "automated reply",
    "automated response",
    "automatic response",
    "automatic acknowledgement",
    "automated acknowledgement",
    "automatic message",
    "auto-acknowledgement",
    "out of office",
    "out-of-office",
    "out of the office",
    "ooo",
    "away message",
    "away notice",
    "vacation reply",
    "vacation response",
    "vacation message",
    "vacation",
    "auto",
    "away from my mail",
    "holiday message",
    "absence",
    "automatische antwort",
    "automatische rückantwort",
    "automatische abwesenheitsnotiz",
    "abwesenheitsnotiz",
    "abwesenheitsmeldung",
    "abwesend",
    "abwesenheit",
    "abwesenheitsassistent",
    "réponse automatique",
    "réponse auto",
    "absence du bureau",
    "message d'absence",
    "notification d'absence",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "fuera de oficina",
    "risposta automatica",
    "fuori ufficio",
    "fuori sede",
    "assente",
    "automatisch antwoord",
    "automatische beantwoording",
    "afwezigheid",
    "afwezig",
    "niet aanwezig",
    "resposta automática",
    "ausência temporária",
    "fora do escritório",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    "automatyczna odpowiedź",
    "nieobecność",
    "poza biurem",
    "răspuns automat",
    "raspuns automat",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "frånvaro",
    "fraværsmeddelelse",
    "automaattinen vastaus",
    "poissaoloilmoitus",
    "automatická odpověď",
    "otomatik yanıt",
    "otomatik cevap",
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автовідповідь",
    "отсутствует на рабочем месте",
    "رد تلقائي",
    "الرد التلقائي",
    "自动答复",
    "自动回复",
    "自動回覆",
    "自動回復",
    "自動返信",
    "自動応答",
    "不在通知",
    "자동 회신",
    "부재중",
    "ymateb awtomatig",
    "ateb awtomatig",
    "allan o'r swyddfa",
    "automatikus válasz",
    "αυτόματη απάντηση",
    "automatická odpoveď",
    "samodejni odgovor",
    "automatski odgovor",
    "automatinis atsakymas",
    "automātiskā atbilde",
    "automaatvastus",
    "trả lời tự động",
    "balasan otomatis",
    "respon automàtic",
];

/// Beginnings of subjects people use too: they need wording beside them.
const REPLY_SUBJECTS_WEAK: &[&str] = &[
    "out of office",
    "out-of-office",
    "out of the office",
    "i am out of",
    "i'm out of",
    "i am away",
    "i am currently",
    "away ",
    "on leave",
    "annual leave",
    "on annual leave",
    "on holiday",
    "on vacation",
    "vacation",
    "holiday",
    "maternity leave",
    "absence",
    "absent",
    "auto",
    "thank you for",
    "thanks for",
    "thank you",
    "we have received",
    "we've received",
    "your email",
    "your message",
    "your enquiry",
    "your request",
    "your query",
    "acknowledgement",
    "confirmation of receipt",
    "receipt of your",
    "message received",
    "request received",
    "case received",
    "abwesen",
    "urlaub",
    "eingangsbestätigung",
    "ihre nachricht",
    "vielen dank",
    "accusé de réception",
    "acuse de recibo",
    "gracias por",
    "merci",
    "ausente",
    "vacaciones",
    "fuori",
    "ferie",
    "conferma di ricezione",
    "ontvangstbevestiging",
    "bedankt",
    "férias",
    "urlop",
    "concediu",
    "semester",
    "loma",
    "dovolená",
    "отпуск",
];

const THANKS: &[&str] = &[
    "thank you for your e",
    "thank you for your message",
    "thank you for contacting",
    "thank you for your enquiry",
    "thank you for getting in touch",
    "thank you for emailing",
    "thank you for writing",
    "thanks for your e",
    "thanks for your message",
    "thanks for contacting",
    "thanks for getting in touch",
    "we have received your",
    "we've received your",
    "your email has been received",
    "your message has been received",
    "this is to confirm we have received",
    "vielen dank für ihre",
    "danke für ihre",
    "merci pour votre",
    "merci de votre",
    "nous avons bien reçu",
    "nous accusons réception",
    "gracias por su",
    "gracias por contactar",
    "hemos recibido su",
    "grazie per",
    "abbiamo ricevuto",
    "bedankt voor uw",
    "dank voor uw",
    "dank u voor",
    "obrigado pela",
    "agradecemos",
    "dziękuję za",
    "dziękujemy za",
    "vă mulțum",
    "tack för",
    "tak for din",
    "takk for",
    "kiitos",
    "děkuj",
    "teşekkür",
    "спасибо за",
    "дякуємо за",
    "شكرا",
    "感谢您",
    "メールをいただき",
    "お問い合わせ",
    "diolch am",
    "köszönjük",
];

const ABSENT: &[&str] = &[
    "out of the office",
    "out of office",
    "on annual leave",
    "on leave",
    "on holiday",
    "on maternity leave",
    "on paternity leave",
    "on sick leave",
    "on vacation",
    "away from the office",
    "away from my desk",
    "away from my e",
    "away from work",
    "currently away",
    "i am away",
    "i'm away",
    "i will be away",
    "i'll be away",
    "no longer work",
    "no longer with",
    "has left the",
    "have left the",
    "limited access to e",
    "no access to e",
    "not in the office",
    "not be in the office",
    "office is closed",
    "offices are closed",
    "office is now closed",
    "not be checking",
    "non-working day",
    "i do not work",
    "i don't work",
    "working part time",
    "abwesend",
    "nicht im büro",
    "nicht im haus",
    "außer haus",
    "im urlaub",
    "nicht erreichbar",
    "absent du bureau",
    "absente du bureau",
    "absent jusqu",
    "absente jusqu",
    "actuellement absent",
    "je suis absent",
    "je serai absent",
    "en congé",
    "en vacances",
    "fuera de la oficina",
    "ausente",
    "de vacaciones",
    "fuori ufficio",
    "fuori sede",
    "assente",
    "in ferie",
    "afwezig",
    "niet op kantoor",
    "met vakantie",
    "met verlof",
    "fora do escritório",
    "de férias",
    "poza biurem",
    "nieobecn",
    "na urlopie",
    "în concediu",
    "nu sunt la birou",
    "plecat din birou",
    "inte på kontoret",
    "på semester",
    "frånvarande",
    "tjänstledig",
    "ikke på kontoret",
    "på ferie",
    "ikke til stede",
    "poissa",
    "lomalla",
    "mimo kancelář",
    "na dovolené",
    "nepřítomn",
    "ofis dışında",
    "ofiste değil",
    "izinde",
    "yıllık izin",
    "в отпуске",
    "отсутств",
    "не в офисе",
    "у відпустці",
    "відсутн",
    "خارج المكتب",
    "في إجازة",
    "不在办公室",
    "休假",
    "外出",
    "不在",
    "休暇",
    "休業",
    "allan o'r swyddfa",
    "ar wyliau",
    "i ffwrdd o",
    "szabadság",
    "出差",
    "휴가",
];

const PROMISE: &[&str] = &[
    "when i return",
    "on my return",
    "upon my return",
    "when i am back",
    "when i'm back",
    "when i get back",
    "i will return",
    "i'll return",
    "i return on",
    "returning on",
    "returning to",
    "back in the office",
    "i will be back",
    "i'll be back",
    "be back on",
    "i will reply",
    "i will respond",
    "i'll reply",
    "i'll respond",
    "get back to you",
    "respond to your",
    "reply to your",
    "deal with your",
    "answer your",
    "in my absence",
    "if your e",
    "if your message",
    "if your enquiry",
    "if your query",
    "if it is urgent",
    "if urgent",
    "if this is urgent",
    "for urgent",
    "for anything urgent",
    "urgent matter",
    "urgent enquir",
    "immediate assistance",
    "emergency please",
    "not be forwarded",
    "not be read",
    "will be read",
    "please contact my colleague",
    "aim to respond",
    "aim to reply",
    "respond within",
    "reply within",
    "be in touch",
    "working days",
    "rückkehr",
    "wieder im büro",
    "wieder erreichbar",
    "wieder da",
    "dringend",
    "wenden sie sich",
    "weitergeleitet",
    "vertretung",
    "à mon retour",
    "de retour",
    "urgen",
    "répondr",
    "veuillez contacter",
    "contacter",
    "regreso",
    "volveré",
    "contacte",
    "contactar",
    "rientro",
    "contattare",
    "rispond",
    "terug",
    "dringend",
    "contact opnemen",
    "retorno",
    "contato",
    "contactar",
    "powrot",
    "wracam",
    "wróc",
    "pilnych",
    "kontakt",
    "reven",
    "întoarc",
    "åter",
    "tillbaka",
    "brådskande",
    "tilbage",
    "tilbake",
    "haster",
    "palaan",
    "takaisin",
    "kiireel",
    "yhteyttä",
    "vrát",
    "zpět",
    "naléhav",
    "dönece",
    "döndü",
    "acil",
    "вернусь",
    "возвращ",
    "сроч",
    "свяж",
    "обращ",
    "поверн",
    "терміново",
    "عودت",
    "عاجل",
    "回来",
    "返回",
    "紧急",
    "急事",
    "联系",
    "戻り",
    "緊急",
    "お急ぎ",
    "連絡",
    "ご返信",
    "dychwel",
];

/// Sentences by which a program says that it is one.
const ROBOT: &[&str] = &[
    "this is an automated",
    "this is an automatic",
    "this is an auto",
    "this is a system generated",
    "this is a computer generated",
    "this email has been automatically",
    "this email was automatically",
    "this email is automatically",
    "this e-mail was automatically",
    "this e-mail has been automatically",
    "this message was automatically",
    "this message has been automatically",
    "this message is automatically",
    "this message was generated automatically",
    "this email was generated automatically",
    "this email is an automated",
    "this email is an automatic",
    "this reply has been automatically",
    "this reply was automatically",
    "this response was automatically",
    "automated response",
    "automatic reply",
    "automated reply",
    "automated message",
    "auto-generated",
    "automatically generated",
    "please do not reply to this",
    "please don't reply to this",
    "do not reply to this",
    "please do not respond to this",
    "you are receiving this automat",
    "this mailbox is not monitored",
    "this mailbox is no longer",
    "this email address is no longer",
    "this e-mail address is no longer",
    "this account is no longer",
    "this inbox is not monitored",
    "this email account is not monitored",
    "dies ist eine automatisch",
    "diese e-mail wurde automatisch",
    "diese nachricht wurde automatisch",
    "ceci est une réponse automatique",
    "ceci est un message automatique",
    "ce message est automatique",
    "ceci est un e-mail automatique",
    "este es un mensaje automático",
    "esta es una respuesta automática",
    "este correo ha sido generado automáticamente",
    "questa è una risposta automatica",
    "questo è un messaggio automatico",
    "questa e-mail è stata generata automaticamente",
    "dit is een automatisch",
    "deze e-mail is automatisch",
    "esta é uma resposta automática",
    "esta é uma mensagem automática",
    "to jest automatyczn",
    "ta wiadomość została wygenerowana automatycznie",
    "acesta este un mesaj automat",
    "acesta este un răspuns automat",
    "detta är ett auto",
    "dette er et auto",
    "dette er en auto",
    "tämä on auto",
    "toto je automatick",
    "bu bir otomatik",
    "bu e-posta otomatik",
    "bu otomatik",
    "это автоматическ",
    "данное письмо сформировано автоматически",
    "це автоматичн",
    "هذا رد تلقائي",
    "هذه رسالة تلقائية",
    "这是自动",
    "此邮件为自动",
    "此为自动",
    "這是自動",
    "このメールは自動",
    "本メールは自動",
    "これは自動",
    "mae hwn yn ymateb awtomatig",
];

fn auto_reply(facts: &Facts<'_>) -> Option<String> {
    if facts.auto_submitted.starts_with("auto-replied") {
        return Some("Auto-Submitted: auto-replied (RFC 3834).".to_owned());
    }
    if let Some(header) = facts.entity.names().find(|name| answers_for_people(name) && is_on(&facts.value(name))) {
        return Some(format!("The header {header} of an automatic answer."));
    }
    if facts.precedence().is_some_and(|value| value.starts_with("auto")) {
        return Some("Precedence: auto_reply.".to_owned());
    }
    for header in
        ["x-post-messageclass", "x-mailer", "user-agent", "delivered-to", "x-autogenerated", "x-auto-generated"]
    {
        let value = facts.value(header);
        if ["autorespon", "autoreply", "auto-reply", "vacation", "out of office"]
            .iter()
            .any(|word| value.contains(word))
            || value == "reply"
        {
            return Some(format!("The header {header} of an automatic answer."));
        }
    }
    if facts.says_person() {
        return None;
    }
    if reply_subject(&facts.subject) {
        return Some("Subject of an automatic answer.".to_owned());
    }
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| facts.words.contains(phrase));
    let early = facts.words.chars().take(600).collect::<String>();
    let absent = ABSENT.iter().any(|phrase| early.contains(phrase));
    let promise = says(PROMISE);
    let thanks = THANKS.iter().any(|phrase| early.contains(phrase));
    let robot = says_robot(&facts.words);
    let weak = REPLY_SUBJECTS_WEAK.iter().any(|subject| facts.subject.starts_with(subject))
        || facts.subject.contains("out of the office")
        || facts.subject.contains("out of office");
    let short = facts.words.chars().count() <= UNMARKED_REPLY_CHARS_MAX;
    let answers = !facts.message.in_reply_to.is_empty() || quote::answers(&facts.subject) || facts.says_automatic();
    let signs = [absent && promise, robot, thanks && promise, weak, answers].into_iter().filter(|sign| *sign).count();
    match () {
        () if !short => None,
        () if robot && (thanks || promise || absent || weak || facts.says_automatic()) => {
            Some("The text says that it is an automatic answer.".to_owned())
        }
        () if weak && absent && promise => Some("Subject and wording of an absence note.".to_owned()),
        () if thanks && absent && promise => Some("Wording of an absence note.".to_owned()),
        () if absent && facts.null_sender => Some("Wording of an absence note, from an empty return path.".to_owned()),
        () if facts.auto_submitted.starts_with("auto-") && signs >= 3 => {
            Some("Marked as automatic, with wording of an automatic answer.".to_owned())
        }
        () => None,
    }
}

/// Headers by which programs that answer for people mark themselves. X-Auto-Response-Suppress is none: ordinary mail
/// carries it.
fn answers_for_people(name: &str) -> bool {
    let squeezed = name.replace(['-', '_'], "");
    let marks = ["autorepl", "autorespon", "autoantwort", "autoreply", "vacationmessage", "awaymessage"];
    !squeezed.contains("suppress") && marks.iter().any(|mark| squeezed.contains(mark))
}

fn is_on(value: &str) -> bool {
    !matches!(value, "" | "no" | "false" | "0" | "off" | "none")
}

fn reply_subject(subject: &str) -> bool {
    let subject = subject.trim_start_matches(['[', '(', '*', '"', '#', '<', ' ', '{']);
    REPLY_SUBJECTS.iter().any(|known| {
        subject.strip_prefix(known).is_some_and(|rest| {
            let rest = rest.trim_start();
            let noun = [
                "reply",
                "autoreply",
                "auto-reply",
                "message",
                "response",
                "notification",
                "notice",
                "assistant",
                "assistent",
                "antwort",
            ];
            let rest = noun.into_iter().find_map(|noun| rest.strip_prefix(noun)).unwrap_or(rest).trim_start();
            rest.is_empty()
                || rest.starts_with([':', '：', ']', ')', '-', '–', '—', '*', '}', '"', '>', '|'])
                || rest.starts_with("re:")
                || rest.starts_with("(re")
        })
    }) || [
        "is out of the office",
        "out of the office until",
        "out of office until",
        "out of office from",
        "is on vacation",
        "i will be out of the office",
        "i am out of the office",
        "i'm out of the office",
        "out of office autoreply",
    ]
    .iter()
    .any(|words| subject.contains(words) && !subject.contains('?') && !quote::answers(subject))
}

/// A sentence that begins like a program's own word about itself; in quotation marks it is somebody else's.
fn says_robot(words: &str) -> bool {
    words.split(['.', '!', '?', '\n', '*', '-', '(', '[', ':', ',', '。']).any(|sentence| {
        let sentence = sentence.trim_start_matches([' ', '#', '=', '>', '\t', '~', '_']);
        ROBOT.iter().any(|phrase| sentence.starts_with(phrase))
    })
}

fn ourselves(facts: &Facts<'_>) -> Option<String> {
    let from = facts.message.from.as_ref()?;
    facts
        .own
        .addresses
        .contains(&from.address)
        .then(|| "The sender is the landlord's own complaints address.".to_owned())
}

fn list(facts: &Facts<'_>) -> Option<String> {
    const HEADERS: &[&str] = &[
        "list-id",
        "list-post",
        "list-unsubscribe",
        "list-help",
        "list-subscribe",
        "list-owner",
        "list-archive",
        "mailing-list",
        "x-mailing-list",
        "x-mailman-version",
        "x-beenthere",
        "x-campaign-id",
    ];
    if let Some(header) =
        HEADERS.iter().find(|header| facts.entity.raw(header).is_some_and(|value| value.trim().len() > 2))
    {
        return Some(format!("The header {header} of a mailing list or bulk mail."));
    }
    facts.precedence().map(|value| format!("Precedence: {}.", value.chars().take(20).collect::<String>()))
}

fn program(facts: &Facts<'_>) -> Option<String> {
    let calendar = facts.entity.walk(false).into_iter().find(|part| part.content_type == "text/calendar");
    let answer =
        calendar.and_then(|part| part.parameter("method")).is_some_and(|method| method.eq_ignore_ascii_case("reply"));
    if answer || (calendar.is_some() && facts.words.trim().is_empty()) {
        return Some("A calendar entry (RFC 6047).".to_owned());
    }
    if facts.entity.has("x-cron-env") || (facts.subject.starts_with("cron <") && facts.from.contains("cron")) {
        return Some("Output of a scheduled job.".to_owned());
    }
    if facts.null_sender && !facts.form {
        return Some("The return path is empty: a server or an automatic answer (RFC 5321, 4.5.5).".to_owned());
    }
    let administrator = facts.message.from.as_ref().is_some_and(|from| {
        ["postmaster@", "mailer-daemon@", "root@", "daemon@", "listserv@", "majordomo@", "hostmaster@"]
            .iter()
            .any(|name| from.address.starts_with(name))
    });
    administrator.then(|| "The sender is a mail server's or machine's own address.".to_owned())
}

/// What forbids an answer whatever the message is. The message is recorded and sorted all the same.
fn withheld(facts: &Facts<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(spam) = &facts.message.spam {
        reasons.push(format!("Taken for spam: {spam}."));
    }
    let Some(to) = &facts.message.reply_to else {
        reasons.push("There is no address to answer.".to_owned());
        return reasons;
    };
    if facts.own.addresses.contains(&to.address) {
        reasons.push("The answer would go to the landlord's own complaints address.".to_owned());
    }
    if facts.form {
        return reasons;
    }
    if facts.auto_submitted.starts_with("auto-") && !facts.auto_submitted.starts_with("auto-replied") {
        let keyword: String = facts.auto_submitted.chars().take(20).collect();
        reasons.push(format!("Auto-Submitted: {keyword}, and the sender is not configured as a form."));
    }
    let local = |address: &str| address.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "");
    let from = facts.message.from.as_ref().map_or("", |from| from.address.as_str());
    const DEAF: &[&str] =
        &["noreply", "donotreply", "nepasrepondre", "nichtantworten", "noresponder", "dontreply", "unmonitored"];
    if [from, to.address.as_str()].iter().any(|address| DEAF.iter().any(|deaf| local(address).contains(deaf))) {
        reasons.push("The sender's address takes no answers.".to_owned());
    }
    if facts.entity.raw("x-auto-response-suppress").is_some_and(|value| is_on(&value.trim().to_ascii_lowercase())) {
        reasons.push("X-Auto-Response-Suppress asks for no automatic answer.".to_owned());
    }
    if facts.entity.has("x-loop") {
        reasons.push("X-Loop marks mail that has been answered by a program.".to_owned());
    }
    reasons
}

/// Why the receiving server takes a message for spam: its own verdict, or who the sender is not.
pub(super) fn spam(entity: &Entity<'_>) -> Option<String> {
    let value = |name: &str| entity.raw(name).unwrap_or_default().trim().to_ascii_lowercase();
    for header in ["x-spam-flag", "x-spam", "x-barracuda-spam-flag", "x-spam-status"] {
        if value(header).starts_with("yes") {
            return Some(format!("{header} says yes"));
        }
    }
    let level = value("x-ms-exchange-organization-scl").parse::<i32>().is_ok_and(|level| level >= 5);
    if level {
        return Some("x-ms-exchange-organization-scl is 5 or more".to_owned());
    }
    let forefront = value("x-forefront-antispam-report");
    if let Some(verdict) = ["sfv:spm", "cat:spm", "cat:phsh", "cat:hphsh", "cat:hspm", "cat:malw"]
        .into_iter()
        .find(|verdict| forefront.contains(verdict))
    {
        return Some(format!("x-forefront-antispam-report has {verdict}"));
    }
    if ["reject", "add header", "rewrite subject"].contains(&value("x-rspamd-action").as_str()) {
        return Some("x-rspamd-action asks to reject or mark it".to_owned());
    }
    if value("x-proofpoint-spam-details").contains("rule=spam") {
        return Some("x-proofpoint-spam-details has rule=spam".to_owned());
    }
    // Only the topmost was written by our own server; those below may be forged (RFC 8601, 5).
    let results = value("authentication-results");
    let has = |result: &str| results.split([';', ' ']).any(|piece| piece.trim() == result);
    if has("dmarc=fail") {
        return Some("the sender is not who it says (dmarc=fail)".to_owned());
    }
    let unsigned = !has("dkim=pass") && !has("dmarc=pass");
    (has("spf=fail") && unsigned).then(|| "the sending server is not the sender's (spf=fail)".to_owned())
}
