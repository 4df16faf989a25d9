//! What machines and mail programs say, in the languages of our residents and of the servers their mail meets.
//!
//! Data only, lower case, `'` for every apostrophe; `machine` and `quote` say how each list is used. Languages: English,
//! Welsh, German, French, Spanish, Italian, Dutch, Portuguese, Polish, Romanian, Swedish, Danish, Norwegian, Finnish, Czech,
//! Turkish, Russian, Ukrainian, Arabic, Chinese, Japanese; single words of Urdu, Bengali, Somali and others.

use super::quote::Label;

/// Senders that only ever return mail.
pub(super) const DAEMONS: &[&str] = &[
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "mdaemon@", "mail-daemon", "maildaemon",
    "mail.delivery.system", "double-bounce@", "mail delivery system", "mail delivery subsystem",
    "mail delivery service", "delivery subsystem", "maildelivery@", "mail-delivery@", "mailer daemon",
    "mail deliver subsystem", "mail delivery agent", "mail-delivery-subsystem", "delivery-status@", "mmdf ",
];

/// Senders that return mail and write other notices as well.
pub(super) const ADMINISTRATORS: &[&str] = &[
    "postmaster", "microsoftexchange", "system administrator", "mail administrator", "mailadm", "mail system",
    "mail server", "smtp_mail_service", "mailgateway", "systemadministrator", "administrateur système",
    "administrador del sistema", "internet mail delivery", "mail router", "message delivery", "mailsystem",
    "mail-gateway", "mail gateway", "mail deliver", "post_master", "sysadmin@", "interscan", "notes router", "email delivery", "mail transfer agent",
    "antivirus_for_smtp", "imss@", "ndr@",
];

/// Within the local part, its marks left out, of addresses nobody reads.
pub(super) const DEAF: &[&str] = &[
    "noreply", "donotreply", "dontreply", "notreply", "unmonitored", "autoreply", "autorespon", "nepasrepondre",
    "nichtantworten", "keineantwort", "noresponder", "norespondas", "norispondere", "nonrispondere", "nietantwoorden",
    "nietbeantwoorden", "naoresponda", "naoresponder", "nieodpowiad", "nuraspunde", "svarikke", "svarainte", "alavastaa",
    "neodpovid", "cevaplamay", "yanitlamay",
];

/// How subjects of delivery reports begin.
pub(super) const BOUNCE_SUBJECTS: &[&str] = &[
    "undeliverable", "undelivered", "undeliveried", "non-delivery", "nondeliverable", "non delivery",
    "not delivered", "non-deliverable", "unable to deliver", "delivery status", "delivery failure",
    "delivery failed", "delivery notification", "delivery report", "delivery error", "delivery has failed",
    "delivery delay", "failure delivery", "failed delivery", "failure notice", "failed mail",
    "failure to deliver", "mail delivery", "mail failure", "mail failed", "mail error",
    "mail could not be delivered", "mail not delivered", "mail undeliverable", "mail system error",
    "mail status report", "message delivery", "message undeliverable", "message delayed",
    "message could not be delivered", "message not delivered", "message status -", "returned mail",
    "return mail", "returned to sender", "returned message", "returned email", "return to sender",
    "permanent delivery failure", "delayed mail", "warning: could not send", "warning: message",
    "warning - delayed", "processing error", "your message could not be delivered",
    "your message wasn't delivered", "could not deliver", "couldn't be delivered", "email delivery failure",
    "e-mail delivery failure", "email not delivered", "undelivrable", "rejected mail",
    "automatically rejected mail", "error sending message", "message rejected", "blocked delivery", "dsn:",
    "mta error", "unzustellbar", "zustellung", "nicht zustellbar", "non remis", "échec de la remise",
    "non distribué", "no se puede entregar", "no entregado", "error de entrega", "non recapitabile",
    "mancato recapito", "onbestelbaar", "niet te bezorgen", "não é possível entregar", "não entregue",
    "niedostarczon", "nie można dostarczyć", "nedoručiteln", "не удается доставить", "недоставлен",
    "ваше сообщение не доставлено", "сообщение не доставлено", "не доставлено", "не вдалося доставити", "配信不能",
    "配信不可", "未配信", "送信できませんでした", "无法投递", "未送达", "退信", "系统退信", "邮件退回", "无法传递", "無法傳遞", "無法遞送",
    "går inte att leverera", "ej levererat", "kan ikke leveres", "olevererbar", "uleverbar",
    "ei voida toimittaa", "teslim edilemedi", "nelivrabil", "تعذر التسليم", "methu â danfon",
    "fehler bei der zustellung", "mail-zustellung", "nachricht unzustellbar", "nachricht nicht zugestellt",
    "rückläufer", "échec de remise", "échec de distribution", "échec d'envoi", "avis de non-remise",
    "avis de non remise", "message non délivré", "message non remis", "notification d'état de remise",
    "notificación de estado", "devuelto:", "correo devuelto", "mensaje no entregado", "entrega fallida",
    "notifica di mancato", "messaggio non recapitato", "consegna fallita", "bericht niet", "aflevering",
    "afleverfout", "notificação de status", "mensagem não entregue", "falha na entrega", "falha de entrega",
    "devolução", "powiadomienie o stanie", "zwrot:", "meddelandet kunde inte", "leveransfel", "leveringsfeil",
    "leveringsfejl", "kunne ikke levere", "kunne ikke leveres", "toimitus epäonnistui", "nedoručeno",
    "nedoručená", "teslim edilemeyen", "livrare eșuată", "mesaj nelivrat", "доставка не удалась", "配信エラー",
    "送信エラー", "エラーメール", "配送できませんでした", "반송", "전송 실패", "配信に失敗", "投递失败", "傳遞失敗", "תיבת", "sending failed",
    "send failed", "address not found", "message blocked", "message not sent", "could not send message",
    "email could not be", "couldn't deliver", "mail delivery problem", "bounced", "bounce notification",
    "bounce:", "delivery incomplete", "delivery unsuccessful", "user unknown", "recipient unknown",
    "no such user", "spam mail rejected", "mail rejected", "undeliverd", "message you sent blocked", "message you sent was",
    "your message was rejected", "your e-mail was rejected", "your email was rejected", "mailbox full", "mailbox is full",
    "mailbox unavailable", "over quota", "quota exceeded", "virus (", "virus alert", "virus found", "virus in ",
    "banned content", "banned file", "blocked attachment", "considered unsolicited", "message quarantined", "[bounce]",
    "mailzustellung fehlgeschlagen", "ihre e-mail wurde", "ihre nachricht wurde", "niedostarcz", "ikke leverbar",
    "ei toimitettavissa", "kézbesíthetetlen", "teslim edilemiyor", "μη παραδοτέο", "δεν είναι δυνατή η παράδοση",
    "imposibil de livrat", "недоставим", "не удалось доставить", "未传递", "배달되지 않음", "배달할 수 없음",
    "غير قابل للتسليم", "לא ניתן למסירה", "no es pot lliurar", "neisporučiv", "nedostavljiv", "nepristatom",
    "nepiegādājam", "kohaletoimetamatu", "undelivered mail", "correo no entregado", "mensaje devuelto",
    "notificação de falha", "retour de message", "echec de", "mesajınız iletilemedi",
];

/// The same, wherever they stand in a subject.
pub(super) const BOUNCE_SUBJECTS_INSIDE: &[&str] = &[
    "could not be delivered", "couldn't be delivered", "was not delivered", "nicht zugestellt", "nicht zustellbar",
    "n'a pas pu être remis", "n'a pas pu être livré", "no se ha podido entregar", "no pudo ser entregado",
    "non recapitat", "niet worden bezorgd", "niet worden afgeleverd", "não pôde ser entregue", "nie można dostarczyć",
    "nie zostało dostarczone", "не доставлен", "не доставлено", "kunde inte levereras", "kunne ikke leveres",
    "ei voitu toimittaa", "teslim edilemedi", "nu a putut fi livrat", "配信できません", "無法投遞", "无法投递", "退信",
    "mensaje no entregado", "wiadomość niedostarczon", "nie została dostarczona", "methwyd â danfon",
    "methu danfon", "no se ha entregado", "não foi entregue", "mesaj nelivrat", "ei toimitettu",
];

/// What delivery reports say, in the languages servers speak.
pub(super) const BOUNCE_PHRASES: &[&str] = &[
    "couldn't be delivered", "can't be delivered", "was not delivered", "wasn't delivered", "not been delivered",
    "not be delivered", "not delivered to", "not yet been delivered", "could not deliver", "couldn't deliver",
    "unable to deliver", "can't deliver", "cannot deliver", "wasn't able to deliver", "was not able to deliver",
    "unable to be delivered", "failed to deliver", "delivery failed", "delivery has failed",
    "delivery to the following", "delivery failure", "delivery error", "did not reach", "didn't reach",
    "undeliverable", "undelivered", "unsuccessful delivery", "delivery attempts", "is being returned",
    "returned to sender", "returning message to sender", "returned unopened", "returned to you", "following address",
    "following recipient", "following destination", "permanent error", "permanent failure", "fatal error",
    "transient", "user unknown", "unknown user", "no such user", "user not known", "not known at this",
    "not listed in", "recipient rejected", "recipient name is not recognized", "address rejected",
    "mailbox unavailable", "mailbox is full", "mailbox full", "over quota", "does not exist", "doesn't exist",
    "invalid recipient", "unrouteable", "message delayed", "has been delayed", "is delayed", "still being retried",
    "mail delivery software", "problems delivering", "problem delivering", "error occurred while",
    "message was rejected", "has been rejected", "has been blocked", "was blocked", "nicht zugestellt",
    "nicht übermittelt", "unzustellbar", "n'a pas pu être", "n'a pu être remis", "non remis",
    "no se ha podido entregar", "no se pudo entregar", "no pudo ser entregado", "non è stato possibile",
    "impossibile recapitare", "niet worden bezorgd", "niet worden afgeleverd", "não pôde ser entregue",
    "não foi possível entregar", "nie można dostarczyć", "nie zostało dostarczone", "не доставлен",
    "не может быть доставлен", "не удалось доставить", "не существует", "配信できません", "送信できませんでした", "お届けできません", "あて先不明",
    "無法投遞", "无法投递", "无法送达", "被退回", "退信", "ei voitu toimittaa", "nemohla být doručena", "nelze doručit",
    "teslim edilemedi", "nu a putut fi livrat", "تعذر تسليم", "لم يتم تسليم", "nebylo možné doručit", "non recensé",
    "destinataire inconnu", "n'a pas été remis", "n'a pas été distribué", "n'a pas pu etre", "adresse inconnue",
    "no fue entregado", "no se entregó", "buzón", "dirección no", "non recapitato", "non consegnato", "casella",
    "não foi entregue", "caixa postal", "endereço não", "brak takiego", "nie dostarczono", "nie istnieje",
    "ikke leveret", "ikke levert", "ikke leveres", "inte levereras", "ei toimitettu", "ei löydy", "nedoručen",
    "neexistuje", "iletilemedi", "gönderilemedi", "nelivrat", "отклонено", "невозможно доставить", "送信エラー", "見つかりません",
    "ユーザーが存在しません", "不存在", "失敗", "반송", "address not found", "recipient not found", "no mailbox", "mailbox not found",
    "account is disabled", "has been disabled", "bounced", "user doesn", "retry timeout", "too many hops",
    "bad destination", "unable to relay", "relaying denied", "message size exceeds", "too large",
    "not accept messages", "delivery of the email was stopped", "was not accepted", "virus checker",
    "has been quarantined", "was quarantined", "considered unsolicited", "nie powiodło się", "wurde abgelehnt",
    "als spam eingestuft", "fehlgeschlagen", "a été rejeté", "fue rechazado", "è stato rifiutato", "werd geweigerd",
    "foi rejeitad", "została odrzucona", "a fost respins", "reddedildi", "afvist", "avvist", "avvisades", "hylätty",
    "no pudo entregarse", "no se ha entregado", "no ha podido ser entregado", "no ha sido entregado",
    "nie została dostarczona", "nie mogła zostać dostarczona", "nie udało się dostarczyć", "nu a fost livrat",
    "nu poate fi livrat", "teslim edilmedi", "teslim edilememiştir", "ni ellid danfon", "ni ellir danfon",
    "methu danfon", "পাঠানো যায়নি", "نہیں پہنچ",
];

/// How delivery reports begin that carry no other mark.
pub(super) const BOUNCE_OPENINGS: &[&str] = &[
    "delivered to the following", "message was created automatically by", "wasn't able to deliver your message",
    "was not able to deliver your message", "unable to deliver your message", "your message cannot be delivered",
    "your message could not be delivered", "your message was not delivered", "your message wasn't delivered",
    "your message has not been delivered", "your message did not reach", "your mail could not be delivered",
    "your email could not be delivered", "your e-mail could not be delivered",
    "following mail could not be delivered", "message could not be delivered to", "the following address",
    "the following recipient", "non-delivery report", "delivery status notification",
    "message you sent was not delivered", "the email you sent", "mail to the following", "your message to:",
    "your message to <", "our virus checker", "ihre nachricht konnte nicht", "ihre nachricht wurde nicht",
    "ihre e-mail konnte nicht", "votre message n'a pas", "votre message n'est pas", "votre courriel n'a pas",
    "su mensaje no", "tu mensaje no", "el mensaje no", "il suo messaggio non", "il tuo messaggio non", "uw bericht",
    "sua mensagem não", "wiadomość nie", "mesajul dvs", "mesajul nu", "ditt meddelande", "din meddelelse",
    "din besked", "iletiniz", "mesajınız", "ваше сообщение", "ваше письмо", "您的邮件", "您发送的邮件", "メールを配信", "メッセージを配信",
    "twoja wiadomość", "państwa wiadomość", "wiadomość do ", "mesajul dumneavoastră nu", "e-postanız",
    "gönderdiğiniz", "eich neges", "eich e-bost",
];

/// What only servers write: protocol replies, field names of reports, the head of returned mail.
pub(super) const TECHNICAL: &[&str] = &[
    "smtp error", "smtp;", "remote host said", "host said:", "said: 5", "said: 4", "reporting-mta",
    "final-recipient", "diagnostic-code", "action: failed", "action: delayed", "remote-mta", "rcpt to", "<<< 5",
    "<<< 4", ">>> data", "mail from:", "received: from", "message-id: <", "mime-version:", "return-path:",
    "x-mailer:", "transcript of session", "message headers", "message header", 
    "returned message", "mts-id", "mailer-daemon", "postmaster", "mail server", "mail system", "smtp",
    "delivery system",
];

/// Subjects made by programs that answer for people: a colon or bracket must follow; nothing or a dash, if no resident writes.
pub(super) const REPLY_SUBJECTS: &[&str] = &[
    "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response",
    "autoresponse", "autoresponder", "auto responder", "automated reply", "automated response",
    "automatic response", "automatic acknowledgement", "automated acknowledgement", "automatic message",
    "auto-acknowledgement", "out of office", "out-of-office", "out of the office", "ooo", "away message",
    "away notice", "vacation reply", "vacation response", "vacation message", "auto", "away from my mail",
    "holiday message", "automatische antwort", "automatische rückantwort", "automatische abwesenheitsnotiz",
    "abwesenheitsnotiz", "abwesenheitsmeldung", "abwesenheitsassistent", "réponse automatique", "réponse auto",
    "absence du bureau", "message d'absence", "notification d'absence", "respuesta automática",
    "respuesta automatica", "fuera de la oficina", "fuera de oficina", "risposta automatica", "fuori ufficio",
    "fuori sede", "automatisch antwoord", "automatische beantwoording", "afwezigheid", "niet aanwezig",
    "resposta automática", "ausência temporária", "fora do escritório", "odpowiedź automatyczna",
    "autoodpowiedź", "automatyczna odpowiedź", "nieobecność", "poza biurem", "răspuns automat",
    "raspuns automat", "autosvar", "automatiskt svar", "automatisk svar", "fraværsmeddelelse",
    "automaattinen vastaus", "poissaoloilmoitus", "automatická odpověď", "otomatik yanıt", "otomatik cevap",
    "автоматический ответ", "автоответ", "автоматична відповідь", "автовідповідь",
    "отсутствует на рабочем месте", "رد تلقائي", "الرد التلقائي", "自动答复", "自动回复", "自動回覆", "自動回復", "自動返信",
    "自動応答", "不在通知", "자동 회신", "부재중", "ymateb awtomatig", "ateb awtomatig", "allan o'r swyddfa",
    "automatikus válasz", "αυτόματη απάντηση", "автоматичен отговор", "automaatne vastus",
    "automātiska atbilde", "תשובה אוטומטית", "מענה אוטומטי", "स्वचालित उत्तर", "автоматты жауап", "balas automatik",
    "аутоматски одговор", "ตอบกลับอัตโนมัติ", "resposta automàtica", "erantzun automatikoa", "përgjigje automatike",
    "پاسخ خودکار", "自動返信メール", "自動応答メール", "absent du bureau", "absente du bureau", "abwesend", "afwezig",
    "ikke til stede", "frånvarande", "fraværende", "fraværsmelding", "poissa", "ausente", "assente",
    "automatická odpoveď", "samodejni odgovor", "automatski odgovor",
    "yahoo! auto response", "réponse d'absence du bureau", "abwesenheitsbenachrichtigung",
    "automatische antwort von", "urlaubsbenachrichtigung", "abwesenheitsnachricht", "automatische e-mail",
    "message d'absence du bureau", "automatinis atsakymas", "automātiskā atbilde", "automaatvastus", "trả lời tự động", "balasan otomatis",
    "respon automàtic", "automated email", "automatic email", "respuesta automatizada",
    "contestador automático", "réponse d'absence", "message automatique", "automatische nachricht",
    "urlaubsvertretung", "nicht im büro", "niet op kantoor", "fora do escritorio", "în concediu", "på semester",
    "på ferie", "lomalla", "lomatiedote", "mimo kancelář", "ofis dışında", "ofis dışı", "yıllık izin",
    "в отпуске", "нет на месте", "у відпустці", "відпустка", "خارج المكتب", "不在办公室", "休暇中", "休假通知", "外出通知",
    "স্বয়ংক্রিয় উত্তর", "স্বয়ংক্রিয় উত্তর", "স্বয়ংক্রিয় জবাব", "خودکار جواب", "جوابی خودکار",
    "وەڵامی خۆکار", "ਆਟੋਮੈਟਿਕ ਜਵਾਬ", "ਸਵੈਚਲਿਤ ਜਵਾਬ", "સ્વચાલિત જવાબ", "આપમેળે જવાબ", "स्वतः उत्तर",
    "स्वत: जवाफ", "தானியங்கு பதில்", "தானியங்கி பதில்", "jawaab toos ah", "jawaab otomaatig ah",
    "jibu la kiotomatiki", "awtomatikong tugon", "bersiva otomatîk", "bersiva jixweber", "አውቶማቲክ መልሲ",
    "አውቶማቲክ ምላሽ", "ራስ-ሰር ምላሽ", "automatische reactie", "automatisk besked",
];

/// How subjects of automatic answers begin that people use too: they need wording beside them.
pub(super) const REPLY_SUBJECTS_WEAK: &[&str] = &[
    "out of office", "out-of-office", "out of the office", "i am away", "i'm away", "i am currently", "away ",
    "on leave", "annual leave", "on annual leave", "on holiday", "on vacation", "vacation", "holiday",
    "maternity leave", "absence", "absent", "auto", "thanks for", "thank you", "we have received", "we've received",
    "your email", "your message", "your enquiry", "your request", "your query", "acknowledgement",
    "confirmation of receipt", "receipt of your", "message received", "request received", "new support ticket",
    "support ticket", "new ticket", "your case", "your ticket", "case ", "ticket", "enquiry received",
    "complaint received", "email received", "received:", "acknowledgment", "i'm out", "i am out", "abwesen", "urlaub",
    "eingangsbestätigung", "ihre nachricht", "vielen dank", "accusé de réception", "acuse de recibo", "gracias por",
    "merci", "ausente", "vacaciones", "fuori", "ferie", "conferma di ricezione", "ontvangstbevestiging", "bedankt",
    "férias", "urlop", "concediu", "semester", "loma", "dovolená", "отпуск", "assente", "afwezig", "niet aanwezig",
    "frånvaro", "fravær", "poissa", "vakantie", "met verlof", "ausência", "congés", "en congé", "en vacances",
    "na urlopie", "semestre", "tatil", "відпустка", "外出", "休暇", "休假", "إجازة", "nieobecn", "nepřítomn", "otpusk",
];

/// What a delivery report calls the letter it is about.
pub(super) const LETTER: &[&str] = &[
    "message", "mail", "nachricht", "mensaje", "mensagem", "messaggio", "courriel", "bericht", "wiadomość", "сообщ",
    "письм", "mesaj", "meddel", "melding", "besked", "viesti", "zpráv", "ileti", "邮件", "郵件", "メール", "رسال",
];

/// Subjects that say no more than that a letter has come.
pub(super) const RECEIPT_SUBJECTS: &[&str] = &[
    "acknowledgement", "acknowledgment", "confirmation of receipt", "receipt of your", "we have received your",
    "eingangsbestätigung", "empfangsbestätigung", "accusé de réception", "acuse de recibo", "conferma di ricezione",
    "ricevuta di ", "ontvangstbevestiging", "confirmação de rece", "potwierdzenie otrzymania", "potwierdzenie odbioru",
    "confirmare de primire", "kvittering for", "bekräftelse på mottag", "potvrzení o přijetí", "alındı",
];

/// What mailings say of themselves.
pub(super) const BULK: &[&str] = &[
    "to unsubscribe,", "to unsubscribe:", "to unsubscribe please", "to unsubscribe click", "to unsubscribe go",
    "to unsubscribe visit", "to unsubscribe send", "to unsubscribe or", "to unsubscribe use", "unsubscribe here",
    "unsubscribe from this", "unsubscribe from these", "unsubscribe from our", "unsubscribe at any time", "unsubscribe instantly",
    "you are receiving this e", "you are receiving this m", "you received this e", "you received this m",
    "you're receiving this", "you are subscribed", "you have subscribed", "because you subscribed", "because you signed up",
    "this email was sent to", "this e-mail was sent to", "this message was sent to", "view this email in",
    "view it in your browser", "view in browser", "manage your preferences", "update your preferences",
    "email preferences", "manage your subscription", "change your subscription", "your subscription preferences",
    "no longer wish to receive", "to be removed from", "remove yourself from", "to stop receiving", "to opt out",
    "to opt-out", "add us to your address book", "newsletter abbestellen", "vom newsletter abmelden", "se désabonner",
    "vous désabonner", "vous désinscrire", "darse de baja", "cancelar la suscripción", "cancella l'iscrizione",
    "afmelden voor", "cancelar a subscrição", "wypisać się", "dezabon",
];

/// Thanks that open an automatic answer.
pub(super) const THANKS: &[&str] = &[
    "thank you for your e", "thank you for your message", "thank you for contacting",
    "thank you for your enquiry", "thank you for getting in touch", "thank you for emailing",
    "thank you for writing", "thanks for your e", "thanks for your message", "thanks for contacting",
    "thanks for getting in touch", "we have received your", "we've received your",
    "your email has been received", "your message has been received", "this is to confirm we have received",
    "vielen dank für ihre", "danke für ihre", "merci pour votre", "merci de votre", "nous avons bien reçu",
    "nous accusons réception", "gracias por su", "gracias por contactar", "hemos recibido su", "grazie per",
    "abbiamo ricevuto", "bedankt voor uw", "dank voor uw", "dank u voor", "obrigado pela", "agradecemos",
    "dziękuję za", "dziękujemy za", "vă mulțum", "tack för", "tak for din", "takk for", "kiitos", "děkuj",
    "teşekkür", "спасибо за", "дякуємо за", "شكرا", "感谢您", "メールをいただき", "お問い合わせ", "diolch am", "köszönjük",
];

/// What an office promises of every letter it gets.
pub(super) const ACKNOWLEDGES: &[&str] = &[
    "we aim to re", "we will respond", "we will reply", "we will be in touch", "we will get back", "we'll get back",
    "we'll be in touch", "we will aim to", "we will contact you", "will be dealt with", "member of our team",
    "member of the team", "one of our team", "one of our advisers", "enquiry has been received",
    "email has been received", "e-mail has been received", "message has been received", "request has been received",
    "has been passed to", "has been assigned", "reference number is", "case number is", "ticket number is",
    "request has been logged", "enquiry has been logged", "query has been logged", "ticket has been created",
    "ticket has been opened", "case has been created", "case has been opened", "assigned ticket", "your ticket has been",
    "your ticket number", "your ticket id",
    "we have received your", "we've received your", "we've got your", "we have got your", "we acknowledge receipt",
    "acknowledge that we have received", "confirm receipt of your", "confirm that we have received",
    "to add additional comments", "being reviewed by our", "will be reviewed by", "support representative",
    "representative will follow", "representative will be", "will be answered as soon", "will be in touch shortly",
    "will get back to you", "dealing with a high volume", "high volume of", "within 5 working days",
    "within five working days", "within 10 working days", "within ten working days", "working days of receipt",
    "kümmern uns", "bearbeiten", "den eingang ihrer", "haben ihre", "nous vous remercions de votre", "bien été reçu",
    "traiterons votre", "avons bien reçu", "hemos recibido", "abbiamo ricevuto", "wij hebben uw", "we hebben uw",
    "nemen contact met u op", "recebemos a sua", "recebemos sua", "responderemos", "została przyjęta", "otrzymaliśmy",
    "am primit", "mesajul dvs", "har modtaget", "har mottatt", "har mottagit", "olemme vastaanottaneet",
    "přijali jsme", "mesajınızı aldık", "mesajınız alınmıştır", "ваше обращение", "мы получили", "ми отримали",
    "تم استلام", "已收到", "受け付け", "wedi derbyn eich", "wir werden uns", "wir melden uns", "schnellstmöglich",
    "nous vous répondrons", "dans les meilleurs délais", "nos pondremos en contacto", "a la mayor brevedad",
    "le risponderemo", "verrà contattat", "wij nemen", "zo spoedig mogelijk", "entraremos em contacto",
    "entraremos em contato", "odpowiemy", "vă vom răspunde", "vi återkommer", "vi vender tilbage", "vi svarer",
    "palaamme", "ozveme se", "dönüş yapacağız", "мы ответим", "свяжемся", "سنقوم بالرد", "我们会尽快", "折り返し", "byddwn yn",
];

/// What residents write of and offices do not: an absence note or a receipt that names these is a person's.
pub(super) const OF_A_HOME: &[&str] = &[
    "my flat", "my home", "my house", "my kitchen", "my bathroom", "my bedroom", "my tenancy", "my neighbour",
    "my rent", "my complaint", "my repair", "my landlord", "your contractor", "the plumber", "the leak", "the boiler",
    "the heating", "the damp", "the mould", "come round", "be in for", "my ceiling", "my window", "my door",
    "my heating", "my boiler", "my toilet", "my shower", "my roof", "my garden", "my property", "my case", "my son",
    "my daughter", "my mum", "my mother", "my dad", "my father", "my children", "my kids", "my wife", "my husband",
    "my partner", "no heating", "no hot water", "still waiting", "your engineer", "your operative", "your repair",
    "your staff", "your surveyor", "the engineer", "the surveyor", "the electrician", "the appointment",
    "my appointment", "an appointment", "the keys", "a key", "do not accept", "don't accept", "not happy", "disagree",
    "solicitor", "stage 2", "stage two", "unacceptable", "not good enough", "to complain", "make a complaint",
    "compensation", "my sister", "my brother", "send anyb", "send anyone", "send someb", "send someone", "the roof",
    "the lift", "the gate", "the bins", "the drain", "the ceiling", "still broken", "still leak", "not been fixed",
    "nobody ", "no one ", "no-one ", "out of office replies", "your automat", "require access", "need access",
    "gain access", "want access", "give access", "access to the flat", "access to the house", "access to the property",
    "let you in", "let him in", "let her in", "let them in", "let someone in", "open the door", "open up for",
    "next door", "a neighbour ", "the neighbour ", "neighbour has", "neighbour will", "neighbour at", "at number ",
    "spare key", "spare set", "key safe", "has keys", "have keys", "has the key", "has a set", "the alarm",
    "the buzzer", "ring the bell", "before you come", "before they come", "before he comes", "come any", "come after",
    "the man ", "the men ", "the workm", "your workm", "your plumber", "your electrician", "your gas engineer",
    "any day is", "any day after", "any time after", "day is good", "the week after", "can we do", "could we do",
    "can you do", "rearrange", "rebook", "the window", "the kitchen", "the bathroom", "the bedroom", "the toilet",
    "the shower", "the stairs", "the flat", "the sink", "the tap", "the lock", "the radiator", "the cooker",
    "the fence", "the garage", "front door", "is fine", "suits me", "works for me", "do the work", "do the repair",
    "wohnung", "heizung", "schimmel", "die miete", "logement", "appartement", "chauffage", "moisissure", "vivienda",
    "mi piso", "calefacción", "humedad", "alloggio", "riscaldamento", "muffa", "woning", "verwarming", "mieszkani",
    "ogrzewani", "kaloryfer", "grzyb", "locuinț", "apartament", "căldur", "igrasie", "mucegai", "aquecimento",
    "humidade", "kalorifer", "rutubet", "квартир", "отоплен", "плесен", "опалення", "lejlighed", "lägenhet",
    "leilighet", "fy nghartref", "fy fflat", "goter", "tejado", "el techo", "caldera", "ascensor", "fontanero",
    "una fuga", "fuite", "chaudière", "plombier", "ascenseur", "plafond", "telhado", "o teto", "infiltra", "caldeira",
    "canalizador", "elevador", "przeciek", "hydraulik", "sufit", "winda", "dach przecie", "acoperiș", "tavan",
    "centrala", "instalator", "çatı", "kombi", "tesisatçı", "asansör", "tamirci", "su kaçağı", "السقف", "تسرب",
    "التدفئة", "المصعد", "السباك", "شقتي", "چھت", "فلیٹ میں", "ہیٹر", "ছাদ", "ফ্ল্যাটে", "পানি পড়", "saqaf", "guriga",
    "qaboow", "klempner", "aufzug", "das dach", "il tetto", "caldaia", "idraulico", "yn gollwng", "boeler",
    "lleithder", "llwydni", "trwsio", "крыш", "протек", "сантехник", "лифт", "дах тече", "no estoy de acuerdo",
    "no estoy conforme", "nie zgadzam", "pas d'accord", "pas satisfait", "não concordo", "nu sunt de acord",
    "katılmıyorum", "kabul etmiyorum", "لا أوافق", "anghytuno", "anhapus", "mi hija", "mi hijo", "ma fille",
    "mon fils", "moja córka", "mój syn", "fiica mea", "fiul meu", "minha filha", "kızım", "oğlum", "ابنتي", "la llave",
    "klucz", "anahtar", "المفتاح", "cheia", "a chave", "yr allwedd",
];

/// What offices say to anybody before they name what residents write of.
pub(super) const OFFERS: &[&str] = &[
    "if you have no heating", "if you have no hot water", "if you have no water", "if you have no power",
    "if you have no electric", "if you have lost ", "if you have a leak", "emergencies such as", "emergencies like",
    "emergencies include", "emergency such as", "emergency, such as", "emergency repair such as",
    "emergency repair, such as", "emergency repairs, such as", "if you have an emergency", "emergency repairs such as",
    "emergency repairs like", "emergency repairs include", "if you want to make a complaint",
    "if you wish to make a complaint", "if you would like to make a complaint", "if you are not happy with",
    "if you have not heard",
];

/// The same, which somebody who is away says of their home too: an absence note names what belongs to an office.
pub(super) const IF_URGENT: &[&str] = &[
    "if you need help", "if you require", "if it is urgent", "if it's urgent", "if urgent", "if this is urgent",
    "for urgent", "for anything urgent", "for any urgent", "in an emergency please", "in my absence",
    "while i am away", "while i'm away", "whilst i am away", "whilst i'm away", "during my absence",
    "during this time please",
];

/// What belongs to an office.
pub(super) const OF_AN_OFFICE: &[&str] = &[
    "office", "annual leave", "colleague", "mail", "@", "team", "manager", "switchboard", "department", "enquir",
    "contact cent", "call cent", "assistance", "duty ", "desk",
];

/// What stands above or below the emergencies that a receipt lists. A resident says "your emergency line".
pub(super) const EMERGENCY: &[&str] = &[
    "in an emergency", "for emergenc", "emergencies", "emergency repairs", "is an emergency", " our emergency",
    "out of hours", "out-of-hours",
];

/// What whoever waits says, and no program: what they did, what was promised, how long it has been.
pub(super) const COMPLAINS: &[&str] = &[
    "i rang", "i called", "i phoned", "i wrote", "i emailed", "i e-mailed", "i reported", "i told ", "i tried",
    "i waited", "i complained", "i want ", "i got ", "i keep ", "i was told", "i was promised", "i have tried",
    "i've tried", "i have been waiting", "i've been waiting", "i have rung", "i've rung", "i have called",
    "i've called", "i have phoned", "i've phoned", "i have emailed", "i've emailed", "i have written", "i've written",
    "i have reported", "i've reported", "i have had enough", "i've had enough", "i have complained", "i've complained",
    "we rang", "we reported", "we have rung", "we have reported", "we have been waiting", "we've been waiting",
    "we keep getting", "it says", "it said", "which says", "says it ", "whenever i ", "whenever we ", "you promised",
    "you said", "you say ", "you sent me", "you sent us", "you sent this", "you took", "what you send",
    "longer work for you", "longer works for you", "you told", "you keep", "you never", "you people", "was promised",
    "were promised", "weeks ago", "months ago", "weeks later", "months later", "weeks now", "months now", "for weeks",
    "for months", "every time i", "every time we", "second time", "third time", "fourth time", "how many times",
    "been like this", "been like that", "in touch since", "we refuse", "refuse it", "refuse your", "still broken",
    "still leak", "still no ", "still nothing", "still cold", "still not work", "still isn't", "still hasn't",
    "still does not", "still doesn't", "not been fixed", "not fixed", "never fixed", "never came", "did not come",
    "didn't come", "did not turn up", "didn't turn up", "never turned up", "nobody came", "nobody comes", "nobody has",
    "nobody ever", "nobody answer", "nobody rang", "nobody turned", "no one came", "no one comes", "no one ever",
    "no one answer", "no one rang", "no one turned", "no-one came", "no-one comes", "no-one ever", "no-one answer",
    "fed up", "sick of", "fobbed", "disgrace", "disgust", "appalling", "ridiculous", "not good enough", "no help to",
    "is no help", "useless", "ignored", "ignoring", "all i get", "all i got", "all i ever", "all we get", "all we got",
    "all we had", "all anyone gets", "nothing but ", "another auto", "same auto", "yet another", "your automat",
    "your auto-", "your out of office", "your out-of-office", "your portal", "your website", "your chatbot",
    "your bot ", "your system", "your robot", "your computer",
];

/// What an absence note promises or asks of whoever wrote: nobody says so to one correspondent.
pub(super) const TO_ANYBODY: &[&str] = &[
    "if your e", "if your message", "if your query", "if your matter", "if your request", "if you need immediate",
    "if you need assistance", "if the matter is urgent", "if you have an urgent", "for immediate", "not be checking",
    "not checking e", "not be reading e", "not be monitoring", "limited access", "no access to e",
    "no access to my e", "without access to e", "intermittent access", "sporadic access", "not be forwarded",
    "reply to your e", "respond to your e", "reply to your message", "respond to your message", "answer your e",
    "deal with your e", "respond to e", "reply to e", "read your e", "will be answered", "will be read",
    "will be responded to", "will reopen on", "reopens on", "re-open on", "bei dringenden", "dringende anfragen",
    "nicht weitergeleitet", "meiner rückkehr", "nach meiner", "meine vertretung", "ihre e-mail", "ihre nachricht",
    "ihre mail", "en cas d'urgence", "pour toute urgence", "toute demande urgente", "toute question urgente",
    "en mon absence", "pendant mon absence", "votre message à mon", "votre mail à mon", "dès mon retour",
    "à votre message", "à votre mail", "à votre courriel", "vos messages", "asuntos urgentes", "asunto urgente",
    "caso de urgencia", "en mi ausencia", "durante mi ausencia", "a su correo", "a su mensaje", "cualquier urgencia",
    "in caso di urgenz", "per urgenze", "questioni urgenti", "in mia assenza", "al mio rientro", "al mio ritorno",
    "alla sua e", "voor dringende", "bij dringende", "in dringende", "voor spoed", "bij afwezigheid",
    "tijdens mijn afwezigheid", "uw e-mail", "uw bericht", "uw mail", "em caso de urgência", "caso de emergência",
    "assuntos urgentes", "na minha ausência", "durante a minha ausência", "responderei quando", "ao seu e",
    "a sua mensagem", "pilnych sprawach", "sprawach pilnych", "podczas mojej nieobecności", "w czasie mojej",
    "na czas mojej", "po powrocie", "pentru urgențe", "pentru urgente", "caz de urgență", "situații urgente",
    "în lipsa mea", "în absența mea", "la revenire", "acil durum", "acil konu", "dönüşümde", "döndüğümde",
    "e-postanıza", "срочным вопросам", "срочных случаях", "в моё отсутствие", "в мое отсутствие", "по возвращении",
    "термінових", "після повернення", "ved hastende", "i hastesager", "i mit fravær", "i mitt fravær", "din mail",
    "din e-", "ditt mail", "ditt mejl", "din mejl", "vid brådskande", "i brådskande", "under min frånvaro",
    "kiireellisissä", "poissaoloni aikana", "v naléhavých", "v mé nepřítomnosti", "po mém návratu", "po svém návratu",
    "للحالات العاجلة", "للأمور العاجلة", "أثناء غيابي", "您的邮件", "紧急事宜", "如有急事", "緊急の場合", "お急ぎの", "不在中",
    "os yw'n fater brys", "yn fy absenoldeb",
];

/// That whoever had the address has gone.
pub(super) const GONE: &[&str] = &[
    "no longer work for", "no longer work at", "no longer work here", "no longer works for", "no longer works at",
    "no longer works here", "no longer working for", "no longer working at", "no longer employed", "have now left",
    "has now left", "i have left the", "has left the organisation", "has left the company", "has left the council",
    "has left the trust", "has left the business", "have left the organisation", "no longer with the",
    "i have retired", "i've retired", "has retired", "nicht mehr im unternehmen", "nicht mehr für", "ne travaille plus",
    "ne fait plus partie", "ya no trabaja", "ya no forma parte", "non lavora più", "non lavoro più", "werkt niet meer",
    "werk niet meer", "já não trabalha", "não trabalha mais", "już nie pracuje", "nie pracuje już", "nu mai lucrez",
    "artık çalışm", "больше не работа", "arbejder ikke længere", "jobber ikke lenger", "arbetar inte längre",
];

/// Where mail for somebody who has gone should go.
pub(super) const REDIRECTS: &[&str] = &[
    "please contact", "please send all", "please send any", "please send your", "please send future", "please send e",
    "please direct", "please email", "please e-mail", "please forward", "please redirect", "please use",
    "please update", "please resend", "all enquiries", "any enquiries", "future email", "future e-mail",
    "future correspondence", "for all queries", "for any queries", "wenden sie sich", "veuillez", "merci d'adresser",
    "contacte ", "contacter", "contactez", "póngase en contacto", "contattare", "rivolgersi", "contact op te", "contact opnemen", "contactați", "iletişime geç",
    "обращ", "kontakt",
    "direct all correspondence", "direct any correspondence", "direct all e", "direct your e",
    "send all correspondence", "contact my colleague", "contact my replacement",
];

/// That an answer can reach nobody before its writer has proved to be one.
pub(super) const CHALLENGES: &[&str] = &[
    "verify that you are a real", "verify you are a real", "verify that you are human", "prove you are human",
    "prove that you are human", "complete the verification process", "complete this verification",
    "requires verification", "to release your message", "release your email from", "has not been verified",
    "is being held because the address", "was waitlisted", "add yourself to my guest list", "guest list so your",
    "protecting myself from receiving junk", "spam arrest", "spamarrest", "sent by tmda",
    "request to be added to my address book", "requested to be added to the sender's", "to be added to my allowed",
    "sender verification", "confirm that your message is not spam", "confirm you are not a spammer",
    "first time you have sent to", "you only need to do this once", "you have to do this only once",
    "confirm your request by clicking", "deliver your message to my inbox", "antispam uol", "blockiert, bis sie bestätigen",
];

/// How a challenge is to be answered.
pub(super) const CLICKS: &[&str] = &["click", "http", "reply to this"];

/// Sentences that only programs write of themselves.
pub(super) const ROBOT_ALONE: &[&str] = &[
    "this is an automated re", "this is an automated ac", "this is an automated e", "this is an automated m",
    "this is an automated n", "this is an automatic re", "this is an automatic ac", "this is an automatic e",
    "this is an automatic m", "this is an automatic n", "this is an automatically", "this is an auto-", "this is an autore",
    "this is a system generated", "this is a system-generated", "this is a computer generated",
    "this is a computer-generated", "this email was automatically", "this e-mail was automatically",
    "this email has been automatically", "this message was automatically", "this message has been automatically",
    "this message is automatically", "this email is automatically", "this reply was automatically",
    "this reply has been automatically", "this message was generated automatically",
    "this email was generated automatically", "this mailbox is not", "this mailbox is no longer",
    "this mailbox is unmonitored", "this mailbox isn't", "this inbox is not", "this inbox is no longer",
    "this inbox is unmonitored", "this inbox isn't", "this email address is no longer", "this e-mail address is no longer",
    "this email address is not monitored", "this e-mail address is not monitored", "this email address isn't monitored",
    "this email account is not monitored", "this email account is no longer", "this account is no longer monitored",
    "this is an unmonitored", "this is not a monitored", "dies ist eine automatisch", "diese e-mail wurde automatisch",
    "diese nachricht wurde automatisch", "dieses postfach wird nicht", "ceci est une réponse automatique",
    "ceci est un message automatique", "ce message est automatique", "cette boîte n'est pas", "cette adresse n'est plus",
    "este es un mensaje automático", "esta es una respuesta automática", "este buzón no", "esta cuenta ya no",
    "este correo ha sido generado automáticamente", "questa è una risposta automatica", "questo è un messaggio automatico",
    "questa casella non", "questa e-mail è stata generata automaticamente", "dit is een automatisch",
    "deze e-mail is automatisch", "deze mailbox wordt niet", "dit e-mailadres wordt niet", "esta é uma resposta automática",
    "esta é uma mensagem automática", "esta caixa de correio não", "to jest automatyczn", "wiadomość wygenerowana automatycznie",
    "ta wiadomość została wygenerowana automatycznie", "ta skrzynka nie", "acesta este un mesaj automat",
    "acesta este un răspuns automat", "detta är ett auto", "dette er et auto", "dette er en auto", "tämä on auto",
    "toto je automatick", "bu bir otomatik", "bu otomatik", "это автоматическ", "це автоматичн", "هذا رد تلقائي",
    "هذه رسالة تلقائية", "这是自动", "此邮件为自动", "这是一封自动", "這是自動", "このメールは自動", "これは自動", "mae hwn yn ymateb awtomatig",
    "এটি একটি স্বয়ংক্রিয়", "এটি একটি স্বয়ংক্রিয়", "یہ ایک خودکار", "यह एक स्वचालित", "ਇਹ ਇੱਕ ਸਵੈ",
    "این یک پیام خودکار", "این یک پاسخ خودکار", "tani waa jawaab toos ah", "tani waa farriin otomaatig",
    "tani waa jawaab otomaatig", "to jest odpowiedź automatyczna", "esta é uma mensagem gerada",
    "este mensaje se ha generado automáticamente", "ce courriel est automatique", "e-bost awtomatig yw hwn",
    "neges awtomatig yw hon",
];

/// That somebody is away.
pub(super) const ABSENT: &[&str] = &[
    "out of the office", "out of office", "on annual leave", "on leave", "on holiday", "on paternity leave",
    "on sick leave", "on vacation", "away from the office", "away from my desk", "away from my e", "away from work",
    "currently away", "i am away", "i'm away", "i will be away", "i'll be away", "no longer work", "no longer with",
    "has left the", "have left the", "limited access to e", "no access to e", "not in the office",
    "not be in the office", "not be checking", "non-working day", "i do not work", "i don't work",
    "working part time", "abwesend", "nicht im büro", "nicht im haus", "außer haus", "im urlaub", "nicht erreichbar",
    "absent du bureau", "absente du bureau", "absent jusqu", "absente jusqu", "actuellement absent", "je suis absent",
    "je serai absent", "en congé", "en vacances", "fuera de la oficina", "ausente", "de vacaciones", "fuori ufficio",
    "fuori sede", "assente", "in ferie", "afwezig", "niet op kantoor", "met vakantie", "met verlof",
    "fora do escritório", "de férias", "poza biurem", "nieobecn", "na urlopie", "în concediu", "nu sunt la birou",
    "plecat din birou", "inte på kontoret", "på semester", "frånvarande", "tjänstledig", "ikke på kontoret",
    "på ferie", "ikke til stede", "poissa", "lomalla", "mimo kancelář", "na dovolené", "nepřítomn", "ofis dışında",
    "ofiste değil", "izinde", "yıllık izin", "в отпуске", "отсутств", "не в офисе", "у відпустці", "відсутн",
    "خارج المكتب", "في إجازة", "休假", "外出", "不在", "休暇", "休業", "allan o'r swyddfa", "ar wyliau", "i ffwrdd o",
    "szabadság", "出差", "휴가", "not currently in the office", "on study leave", "on sabbatical", "on a business trip",
    "travelling", "traveling", "on compassionate leave", "on parental leave", "on jury service", "maternity leave",
    "on furlough", "nicht mehr im unternehmen", "nicht mehr für", "in elternzeit", "auf dienstreise",
    "krankheitsbedingt", "ne travaille plus", "plus en poste", "en déplacement", "ya no trabaja", "de viaje",
    "permiso", "non lavoro più", "in viaggio", "werkt niet meer", "buiten kantoor", "já não trabalha",
    "não trabalha mais", "em viagem", "já não pracuję", "nie pracuje", "delegacj", "föräldraledig", "slutat",
    "barselsorlov", "permisjon", "koulutuksessa", "vanhempainvapaa", "služební cest", "raporlu", "больше не работает",
    "командировк",
    "ছুটিতে আছি", "অফিসের বাইরে", "چھٹی پر ہ", "دفتر سے باہر", "छुट्टी पर", "ਛੁੱਟੀ", "રજા પર", "مرخصی",
    "ku jiraa fasax", "fasax ku jir", "maqanahay xafiiska", "przebywam na urlopie", "sunt plecat",
    "en maternidad", "nid wyf yn y swyddfa", "ddim yn y swyddfa",
];

/// That an office is shut; automatic receipts name opening hours too.
pub(super) const CLOSED: &[&str] = &[
    "office is closed", "offices are closed", "office is now closed", "office will be closed", "we are closed",
    "we are currently closed", "we are now closed", "closed for the holiday", "closed for christmas",
];

/// Titles that only absence notes have, wherever they stand in a subject.
pub(super) const ABSENT_SUBJECTS: &[&str] = &[
    "ooo:", "[ooo]", "out of the office", "away message", "away notice", "vacation", "holiday message", "abwesenheit",
    "urlaub", "absence du bureau", "message d'absence", "notification d'absence", "réponse d'absence", "congé",
    "fuera de", "ausencia", "fuori sede", "ferie", "vakantie", "ausência", "férias", "fora do escrit", "urlop",
    "concediu", "semester", "fravær", "poissaolo", "loma", "dovolen", "izin", "отпуск", "відпустк", "إجازة", "不在",
    "休假", "休暇", "부재중",
];

/// What an absence note or a receipt promises. No foreign word may stand within an English one: "contacte" did in "contacted".
pub(super) const PROMISE: &[&str] = &[
    "when i return", "on my return", "when i am back", "when i'm back", "when i get back", "i will return",
    "i'll return", "i return on", "returning on", "returning to", "back in the office", "i will be back",
    "i'll be back", "be back on", "i will reply", "i will respond", "i'll reply", "i'll respond", "get back to you",
    "respond to your", "reply to your", "deal with your", "answer your", "in my absence", "if your e",
    "if your message", "if your query", "immediate assistance", "emergency please", "not be forwarded", "not be read",
    "will be read", "please contact my colleague", "aim to respond", "aim to reply", "respond within", "reply within",
    "be in touch", "working days", "email address has changed", "e-mail address has changed",
    "have a new email address", "rückkehr", "wieder im büro", "wieder erreichbar", "wieder da", "dringend",
    "wenden sie sich", "weitergeleitet", "vertretung", "à mon retour", "de retour", "urgenc", "urgente", "urgenti", "urgenz", "répondr", "regreso",
    "volveré", "contacte ", "contacter", "contactez", "contactați", "contactar", "rientro", "contattare", "rispond", "terug", "contact opnemen", "retorno",
    "contato", "powrot", "wracam", "wróc", "pilnych", "kontakt", "reveni", "întoarc", "åter", "tillbaka", "brådskande",
    "tilbage", "tilbake", "haster", "palaan", "takaisin", "kiireel", "yhteyttä", "vrát", "zpět", "naléhav", "dönece",
    "döndü", " acil ", "вернусь", "возвращ", "сроч", "свяж", "обращ", "поверн", "терміново", "عودت", "عاجل", "回来", "返回",
    "紧急", "急事", "联系", "戻り", "緊急", "お急ぎ", "連絡", "ご返信", "dychwel",
];

/// The same within a sentence, below thanks for the letter.
pub(super) const ROBOT_INSIDE: &[&str] = &[
    "this is an automatic ack", "this is an automated ack", "this is an automated re", "this is an automatic re",
    "this is an automated e", "this is an automatic e", "this is an automated message", "this is an auto-",
    "this is an autore", "this is an automatically", "automatic acknowledgement", "automated acknowledgement",
];

/// How a program begins to say that it is one; people say some of it too.
pub(super) const ROBOT: &[&str] = &[
    "this is an automated out", "this is an automated h", "this is an automated s", "this is an automatic out",
    "this e-mail has been automatically", "this email is an automated", "this email is an automatic",
    "this response was automatically", "automated response", "automatic reply", "automated reply", "automated message",
    "auto-generated", "automatically generated", "please do not reply to this e", "please do not reply to this m",
    "please do not reply to this a", "please don't reply to this e", "please don't reply to this m",
    "do not reply to this e", "do not reply to this m", "do not reply to this a", "please do not respond to this e",
    "please do not respond to this m", "you are receiving this automat", "this account is no longer",
    "ceci est un e-mail automatique", "bu e-posta otomatik", "данное письмо сформировано автоматически", "此为自动",
    "本メールは自動", "this is a no-reply", "this is a no reply", "this email box is not", "no need to reply to this",
    "there is no need to reply", "automatische antwort", "réponse automatique", "message automatique",
    "respuesta automática", "risposta automatica", "resposta automática", "automatisch antwoord", "automatiskt svar",
    "automatisk svar", "automaattinen", "automatická odpověď", "odpowiedź automatyczna", "răspuns automat",
    "otomatik yanıt", "автоответ", "bitte antworten sie nicht", "merci de ne pas répondre", "ne pas répondre",
    "no responda a este", "por favor, no responda", "si prega di non rispondere", "gelieve niet te antwoorden",
    "não responda a est", "prosimy nie odpowiadać", "svara inte på", "ikke svar på",
];

/// That answers stand below, within the quotation.
pub(super) const POINTS_DOWN: &[&str] = &[
    "answers below", "answered below", "comments below", "responses below", "replies below", "in red",
    "in blue", "inline below",
];

/// Gateways' warnings, wherever they stand.
pub(super) const BANNERS: &[&str] = &[
    "this email originated from outside", "this email originated outside",
    "this message originated from outside", "this email came from outside", "external email:",
    "you don't often get email from", "you don't often get emails from", "this message was sent from outside",
    "caution: external",
];

/// Notices below the words.
pub(super) const NOTICES: &[&str] = &[
    "intended recipient", "intended solely", "intended only for", "solely for the use", "solely for use",
    "solely for the person", "solely for the individual", "solely for the addressee", "in error please",
    "in error, please", "message in error", "scanned for virus", "checked for virus", "been scanned by",
    "virus-free.", "think before you print", "consider the environment before", "registered in england",
    "avast.com", "avast antivirus", "avg.com", "garanti sans virus", "virenfrei", "auf viren geprüft", "libre de virus",
    "wolny od wirusów", "privo di virus", "senza virus", "livre de vírus", "sem vírus", "virusvrij", "unsubscribe from this", "to unsubscribe", "nicht der richtige adressat", "nicht der beabsichtigte",
    "vertrauliche informationen", "n'êtes pas le destinataire", "n'etes pas le destinataire",
    "destiné exclusivement", "no es el destinatario", "non siete il destinatario", "non è il destinatario",
    "niet de geadresseerde", "niet de beoogde", "não é o destinatário", "nie jest adresatem", "yn gyfrinachol",
];

/// "Wrote" in attributions.
pub(super) const WROTE: &[&str] = &[
    "wrote", "writes", "écrit", "ecrit", "schrieb", "escribió", "escribio", "scritto", "schreef", "geschreven",
    "escreveu", "napisał", "pisze", "a scris", "skrev", "kirjoitti", "napsal", "yazdı", "yazmış", "написал",
    "пишет", "пише", "написав", "كتب", "写道", "寫道", "ysgrifennodd", "έγραψε", "írta", "napísal", "napisao",
    "je napisal", "rašė", "rakstīja", "kirjutas", "đã viết", "작성", "menulis", "va escriure", "idatzi",
    "のメール", "書きました", "geantwoord",
];

/// What people write and mail programs do not: weak even beside a date.
pub(super) const SPEAKER_WROTE: &[&str] = &[
    "you wrote", "you said", "you writes", "i wrote", "he wrote", "she wrote", "they wrote", "letter said", "who wrote",
];

/// What an attribution begins with.
pub(super) const LEADS: &[&str] = &[
    "on ", "le ", "am ", "el ", "il ", "op ", "em ", "dne ", "dňa ", "w dniu ", "dnia ", "den ", "på ", "pe ",
    "la ", "în ", "ar ", "vào ", "pada ", "στις ", "dana ", "il giorno ", "no dia ", "quoting ", "at ", "von ",
    "from ", "a ", "---", "__", "mon", "tue", "wed",
];

/// "Original message" in separators.
pub(super) const ORIGINAL: &[&str] = &[
    "original message", "original appointment", "original e-mail", "original email", "reply message",
    "ursprüngliche nachricht", "ursprüngliche mail", "originalnachricht", "original-nachricht",
    "message d'origine", "message original", "message initial", "mensaje original", "messaggio originale",
    "oorspronkelijk bericht", "origineel bericht", "mensagem original", "wiadomość oryginalna",
    "oryginalna wiadomość", "mesaj original", "mesajul original", "originalmeddelande", "oprindelig besked",
    "ursprungligt meddelande", "ursprungligt mejl", "oprindelig meddelelse", "original besked",
    "opprinnelig melding", "alkuperäinen viesti", "původní zpráva", "původní e-mail", "pôvodná správa",
    "özgün ileti", "orijinal mesaj", "исходное сообщение", "оригинальное сообщение", "вихідне повідомлення",
    "الرسالة الأصلية", "原始邮件", "原始郵件", "原邮件", "元のメッセージ", "원본 메시지", "neges wreiddiol", "eredeti üzenet",
    "αρχικό μήνυμα", "originalna poruka",
];

/// "Forwarded message" in separators.
pub(super) const FORWARDED: &[&str] = &[
    "forwarded message", "begin forwarded message", "forwarded mail", "forwarded email",
    "weitergeleitete nachricht", "anfang der weitergeleiteten", "weitergeleitete mail", "message transféré",
    "message transmis", "début du message transféré", "début du message réexpédié", "mensaje reenviado",
    "inicio del mensaje reenviado", "messaggio inoltrato", "inizio messaggio inoltrato", "doorgestuurd bericht",
    "begin doorgestuurd bericht", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem",
    "wiadomość przekazana", "przekazana wiadomość", "początek przekazywanej", "mesaj redirecționat",
    "mesaj redirecţionat", "vidarebefordrat meddelande", "vidarebefordrat brev", "videresendt meddelelse",
    "videresendt melding", "videresendt besked", "välitetty viesti", "edelleenlähetetty viesti",
    "přeposlaná zpráva", "iletilen mesaj", "yönlendirilmiş mesaj", "пересылаемое сообщение",
    "пересланное сообщение", "переслане повідомлення", "رسالة معاد توجيهها", "转发的邮件", "転送されたメッセージ",
    "neges a anfonwyd ymlaen",
];

/// Prefixes of subjects of answers.
pub(super) const ANSWER_PREFIXES: &[&str] = &[
    "re:", "aw:", "antw:", "sv:", "vs:", "odp:", "ref:", "rv:", "res:", "ynt:", "回复:", "答复:", "回覆:", "رد:",
    "atb:", "r:", "ha:", "aw :", "sv :", "rép:", "rép :", "réf:", "réf :", "rif:", "antwort:", "antwoord:", "svar:",
    "ateb:", "vá:", "απ:", "σχετ:", "bls:", "השב:", "תשובה:", "答覆:", "返信:", "회신:", "відп:", "отв:", "ответ:",
];

/// Prefixes of subjects of forwards.
pub(super) const FORWARD_PREFIXES: &[&str] = &[
    "fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "doorst:", "enc:", "pd:", "vb:", "vl:", "vs:", "ilt:", "转发:",
    "轉寄:", "fs:", "ml:", "fwd.", "fw :", "fwd :", "tr :", "wg :", "yml:", "továbbítás:", "πρθ:", "trs:", "הועבר:",
    "転送:", "전달:", "пересл:", "forward:", "weitergeleitet:", "vidarebefordrat:",
];

/// How the line begins that a device or program adds.
pub(super) const DEVICE_STARTS: &[&str] = &[
    "sent from my ", "sent from mail for windows", "sent from outlook", "sent from yahoo", "sent from samsung",
    "sent from aol", "sent from proton", "sent from gmail", "sent from a ", "sent from the ",
    "sent from mobile", "sent from android", "sent from iphone", "sent from ipad", "sent from blackberry",
    "sent from huawei", "sent from xiaomi", "sent from nine", "sent from bluemail", "sent from btinternet",
    "sent from sky yahoo", "sent from hotmail", "sent from windows", "sent from email.bt", "sent via ",
    "sent with ", "sent using ", "sent by ", "get outlook for", "get bluemail", "holen sie sich outlook", "obtenez outlook", "obtener outlook",
    "ottieni outlook", "pobierz aplikację outlook", "hämta outlook", "hent outlook", "hanki outlook", "скачать outlook",
    "diese nachricht wurde von meinem", "从我的", "изпратено от", "послано с", "download outlook for", "envoyé de ",
    "envoyé depuis ", "envoyé à partir de ", "télécharger outlook", "gesendet von ", "gesendet mit ",
    "von meinem ", "enviado desde ", "enviado do ", "enviado de ", "inviato da", "verzonden vanaf ",
    "verstuurd vanaf ", "wysłane z ", "wysłano z ", "skickat från ", "sendt fra ", "odesláno z ", "trimis de ",
    "отправлено ", "надіслано ", "anfonwyd o",
];

/// The same where one language needs no more.
pub(super) const DEVICE_WHOLE: &[&str] = &[
    "yahoo mail: search", "yahoo mail : ",
    "iphoneから送信", "发自我的", "從我的", "iphone'umdan gönderildi", "lähetetty", "أُرسلت من", "أرسلت من",
];

/// Devices and programs such lines name.
pub(super) const DEVICES: &[&str] = &[
    "phone", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "mobile", "handy", "tablet",
    "outlook", "mail", "nokia", "huawei", "htc", "sony", "xperia", "lumia", "windows", "device", "gmail",
    "yahoo", "telefon", "móvil", "movil", "portable", "smartphone", "telefoon", "pixel", "oneplus", "xiaomi",
    "treo", "palm", "sparrow", "mailbird", "nine", "aol", "bt", "mac", "wireless", "verizon", "ffôn", "телефон",
    "cellulare",
];

/// The headers a quoted block may hold.
pub(super) const LABELS: &[(Label, &[&str])] = &[
    (Label::From, &[
        "from", "von", "de", "da", "van", "od", "från", "fra", "lähettäjä", "kimden", "gönderen", "от", "от кого",
        "від", "من", "发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "oddi wrth", "από", "feladó", "de la",
        "expéditeur", "absender", "remitente", "mittente", "afzender", "remetente", "nadawca", "avsändare",
        "avsender", "afsender", "odesílatel", "saatja", "від кого",
    ]),
    (Label::Date, &[
        "sent", "date", "gesendet", "gesendet am", "datum", "envoyé", "envoyé le", "enviado", "enviado el",
        "enviada em", "enviado em", "inviato", "inviato il", "data", "data invio", "fecha", "verzonden", "wysłano",
        "wysłane", "skickat", "sendt", "lähetetty", "päivä", "päivämäärä", "päiväys", "odesláno", "odesláno dne",
        "gönderilme tarihi", "gönderildi", "tarih", "отправлено", "дата", "надіслано", "تاريخ الإرسال", "التاريخ",
        "تاريخ", "أرسلت", "تم الإرسال", "发送时间", "日期", "發送時間", "寄件日期", "送信日時", "送信日", "日時", "날짜", "보낸 날짜",
        "anfonwyd", "dyddiad", "trimis", "dato", "ημερομηνία", "elküldve", "date d'envoi", "message du", "sent at",
        "sent on", "dátum",
    ]),
    (Label::To, &[
        "to", "an", "à", "a", "para", "aan", "do", "till", "til", "vastaanottaja", "komu", "kime", "alıcı", "кому",
        "إلى", "收件人", "收件者", "宛先", "받는 사람", "at", "către", "προς", "címzett", "destinataire", "empfänger",
        "destinatario", "destinatário",
    ]),
    (Label::Cc, &[
        "cc", "bcc", "kopie", "copie", "kopia", "kopi", "kopio", "копия", "копія", "抄送", "副本", "نسخة", "bilgi",
        "参照", "copie à", "cc à", "cópia", "copia",
    ]),
    (Label::Subject, &[
        "subject", "betreff", "betrifft", "objet", "asunto", "oggetto", "onderwerp", "assunto", "temat", "subiect",
        "ämne", "emne", "aihe", "předmět", "konu", "тема", "الموضوع", "主题", "主旨", "主題", "件名", "제목", "pwnc", "θέμα",
        "tárgy", "predmet", "re", "sujet",
    ]),
    (Label::Other, &[
        "reply-to", "attachments", "importance", "priority", "organization", "organisation", "message-id",
        "antwort an", "répondre à", "when", "where", "anlagen", "sender",
    ]),
];
