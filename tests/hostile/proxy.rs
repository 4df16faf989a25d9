//! A line between the program and a server on which one number decides what goes wrong, connection by connection.
//!
//! Where the bytes are in clear it knows enough IMAP and SMTP to spoil an answer and leave alone what nobody could tell: a
//! letter of the alphabet within a message, and the date at which it arrived, have no check sum in IMAP, nor has a "250" that
//! becomes a "550" in SMTP. In TLS any byte will do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// Randomness that can be played again.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` up to, and without, `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.next() as usize % of.len()]
    }

    fn heads(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }
}

/// What is spoken on the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speech {
    /// In clear from the first byte to the last.
    Imap,
    Smtp,
    /// In TLS, at once or after STARTTLS.
    Sealed,
}

/// From whom the bytes come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    Program,
    Server,
}

/// What goes wrong on one connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    None,
    /// Nobody listens, for so many milliseconds.
    Away(u64),
    /// Somebody accepts, and that is all.
    Mute,
    /// The line is cut when this side has said so many bytes: by a reset, or politely.
    Cut {
        side: Side,
        after: u64,
        reset: bool,
    },
    /// This side hears from then on that the other has nothing more to say.
    Half {
        side: Side,
        after: u64,
    },
    /// Every piece arrives so many milliseconds late.
    Late(u64),
    /// Bytes come one by one.
    Dribble,
    /// From this byte on nothing passes, and nothing ends.
    Stall {
        side: Side,
        after: u64,
    },
    /// This byte, of this side, is another one. For sealed lines.
    Flip {
        side: Side,
        at: u64,
    },
    /// The server's answer at this line is spoilt. For lines in clear.
    Spoil {
        line: u64,
        how: Spoil,
    },
    /// The letter is on its way: the line is cut in the middle of it.
    CutInLetter(u64),
    /// The server has taken the letter, and its answer is lost. Politely, or by a reset.
    AnswerLost {
        reset: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Spoil {
    /// Somebody says this as well; `#` stands for the tag of the command that waits.
    Says(&'static str),
    /// One bit of the line is wrong.
    Bit(u64),
    Lost,
    Twice,
    /// So many bytes of the literal are missing.
    Shorter(u64),
    /// So many bytes too many stand in the literal.
    Longer(u64),
    /// The announced length is wrong by so much.
    LiesBy(i64),
    /// The line comes in two pieces.
    Broken,
    /// It reads as if more came.
    Unended,
    /// Somebody says this instead.
    Instead(&'static str),
}

/// What a server may volunteer, and what it never would.
const VOLUNTEERED: &[&str] = &[
    "* OK Still here",
    "* 4711 EXISTS",
    "* 0 RECENT",
    "* 1 EXPUNGE",
    "* 1 FETCH (FLAGS (\\Seen))",
    "* 1 FETCH (UID 1 FLAGS (\\Deleted))",
    "* 1 FETCH (UID 1 BODY[]<0> {5}\r\nwrong)",
    "* SEARCH",
    "* SEARCH 4294967295",
    "* OK [UIDVALIDITY 1] guess",
    "* FLAGS (\\Answered)",
    "# OK done already",
    "# NO not today",
    "# BAD what",
    "R9999 OK another command",
    "+ go on",
    "* BYE not now",
    "* PREAUTH welcome",
    "* 99999999999999999999 EXISTS",
    "* 1 FETCH (UID 1 BODY[]<0> {4294967295}",
    "* 1 FETCH ((((((((((((((((((((((((",
    "\u{0}\u{1}\u{2}",
    "",
];
const SAID_BY_SMTP: &[&str] = &[
    "250 2.0.0 Ok: queued as FORGED",
    "250 2.1.5 Ok",
    "354 go on",
    "421 4.3.2 going down",
    "451 4.3.0 later",
    "220 hello again",
    "999 what",
    "25",
    "",
];

impl Fault {
    fn thrown(speech: Speech, dice: &mut Dice) -> Fault {
        let side = if dice.heads() { Side::Program } else { Side::Server };
        // Most of a conversation is short; a message in it is not.
        let after = if dice.heads() { dice.between(0, 900) } else { dice.between(0, 30_000) };
        let reset = dice.heads();
        match (dice.between(0, 20), speech) {
            (0, _) => Fault::Away(dice.between(50, 1500)),
            (1, _) => Fault::Mute,
            (2..=4, _) => Fault::Cut { side, after, reset },
            (5, _) => Fault::Half { side, after },
            (6, _) => Fault::Late(dice.between(5, 150)),
            (7, _) => Fault::Dribble,
            (8, _) => Fault::Stall { side, after },
            (9, _) => Fault::None,
            (_, Speech::Sealed) => Fault::Flip { side, at: after },
            (_, Speech::Imap) => Fault::Spoil { line: dice.between(0, 60), how: Spoil::of_imap(dice) },
            (10..=13, Speech::Smtp) => Fault::Spoil { line: dice.between(0, 12), how: Spoil::of_smtp(dice) },
            (14..=16, Speech::Smtp) => Fault::CutInLetter(dice.between(0, 3_000)),
            (_, Speech::Smtp) => Fault::AnswerLost { reset },
        }
    }
}

impl Spoil {
    fn of_imap(dice: &mut Dice) -> Spoil {
        let few = dice.between(1, 40);
        match dice.between(0, 12) {
            0..=4 => Spoil::Says(dice.pick(VOLUNTEERED)),
            5 | 6 => Spoil::Bit(dice.between(0, 100_000)),
            7 => Spoil::Lost,
            8 => Spoil::Twice,
            9 => Spoil::Shorter(few),
            10 => Spoil::Longer(few),
            _ => Spoil::LiesBy(few as i64 * if dice.heads() { 1 } else { -1 }),
        }
    }

    fn of_smtp(dice: &mut Dice) -> Spoil {
        match dice.between(0, 6) {
            0 | 1 => Spoil::Says(dice.pick(SAID_BY_SMTP)),
            2 => Spoil::Broken,
            3 => Spoil::Unended,
            4 => Spoil::Lost,
            _ => Spoil::Instead(dice.pick(SAID_BY_SMTP)),
        }
    }
}

/// A port that leads to a server, with or without mishaps.
pub struct Proxy {
    pub port: u16,
    hostile: watch::Sender<bool>,
    pub connections: Arc<AtomicU64>,
    pub answers_lost: Arc<AtomicU64>,
}

/// Which fault the next connection has, and how long the connection lasts at most.
enum Fates {
    Thrown(u64),
    Told(VecDeque<Fault>),
}

impl Fates {
    fn of(&mut self, speech: Speech, number: u64) -> (Fault, Duration) {
        match self {
            // Each connection has dice of its own, so that its fate does not hang on how the others went.
            Fates::Thrown(seed) => {
                let mut dice = Dice::new(*seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
                (Fault::thrown(speech, &mut dice), Duration::from_millis(dice.between(200, 4_000)))
            }
            Fates::Told(faults) => (faults.pop_front().unwrap_or(Fault::None), Duration::MAX),
        }
    }
}

impl Proxy {
    /// Listens on a free port of this machine and passes on to `server`, misbehaving from the first connection on.
    pub async fn hostile(server: u16, speech: Speech, seed: u64) -> Proxy {
        Proxy::start(server, speech, Fates::Thrown(seed)).await
    }

    /// As [`hostile`](Self::hostile), with these faults in this order, and none after them.
    pub async fn scripted(server: u16, speech: Speech, faults: Vec<Fault>) -> Proxy {
        Proxy::start(server, speech, Fates::Told(faults.into())).await
    }

    async fn start(server: u16, speech: Speech, fates: Fates) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let port = listener.local_addr().expect("bound").port();
        let (hostile, hears) = watch::channel(true);
        let (connections, answers_lost) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let line = Line { server, speech, hostile: hears, answers_lost: answers_lost.clone() };
        tokio::spawn(listen(listener, port, line, fates, connections.clone()));
        Proxy { port, hostile, connections, answers_lost }
    }

    /// From now on all goes well. What was spoilt until then ends.
    pub fn behaves(&self) {
        self.hostile.send_replace(false);
    }
}

#[derive(Clone)]
struct Line {
    server: u16,
    speech: Speech,
    hostile: watch::Receiver<bool>,
    answers_lost: Arc<AtomicU64>,
}

async fn listen(mut listener: TcpListener, port: u16, line: Line, mut fates: Fates, connections: Arc<AtomicU64>) {
    loop {
        let Ok((program, _)) = listener.accept().await else { return };
        let number = connections.fetch_add(1, Ordering::Relaxed);
        let hostile = *line.hostile.borrow();
        let (fault, lasts) = if hostile { fates.of(line.speech, number) } else { (Fault::None, Duration::MAX) };
        if let Fault::Away(ms) = fault {
            let _ = program.set_zero_linger();
            drop((program, listener));
            let mut hostile = line.hostile.clone();
            tokio::select! {
                () = sleep(Duration::from_millis(ms)) => {}
                _ = hostile.wait_for(|hostile| !hostile) => {}
            }
            listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is still ours");
            continue;
        }
        tokio::spawn(line.clone().carry(program, fault, lasts));
    }
}

impl Line {
    /// One connection, with its fault; in a storm none lasts long, however well it goes.
    async fn carry(self, program: TcpStream, fault: Fault, lasts: Duration) {
        let mut hostile = self.hostile.clone();
        let spoilt = !matches!(fault, Fault::None | Fault::Dribble | Fault::Late(_));
        let over = async {
            let calm = async { hostile.wait_for(|hostile| !hostile).await.is_ok() };
            let calm = tokio::time::timeout(lasts, calm).await.is_ok();
            // When all is well again, what was not spoilt goes on.
            if !spoilt && calm {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = over => {}
            () = self.pass(program, fault) => {}
        }
    }

    /// Until either side has gone.
    async fn pass(&self, mut program: TcpStream, fault: Fault) {
        if fault == Fault::Mute {
            let mut unheard = [0; 1024];
            while program.read(&mut unheard).await.is_ok_and(|read| read > 0) {}
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)).await else { return };
        let resets =
            matches!(fault, Fault::Cut { reset: true, .. } | Fault::AnswerLost { reset: true } | Fault::CutInLetter(_));
        if resets {
            let _ = (program.set_zero_linger(), server.set_zero_linger());
        }
        let (from_program, to_program) = program.into_split();
        let (from_server, to_server) = server.into_split();
        let heard = Mutex::new(Heard::default());
        let up = self.flow(Side::Program, from_program, to_server, &fault, &heard);
        let down = self.flow(Side::Server, from_server, to_program, &fault, &heard);
        // Whichever side ends, the whole line ends, unless only a half was to be closed.
        if let Fault::Half { .. } = fault {
            tokio::join!(up, down);
        } else {
            tokio::select! { () = up => {}, () = down => {} }
        }
    }

    async fn flow(
        &self,
        side: Side,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        fault: &Fault,
        heard: &Mutex<Heard>,
    ) {
        let mut said = 0;
        let mut spoiler = Spoiler::default();
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
            let mut piece = bytes[..read].to_vec();
            let end = said + read as u64;
            if side == Side::Program {
                heard.lock().expect("nobody panics").takes(&piece);
            }
            match fault {
                Fault::Cut { side: whose, after, .. } if *whose == side && end > *after => {
                    let _ = to.write_all(&piece[..(after - said) as usize]).await;
                    let _ = to.flush().await;
                    return;
                }
                Fault::Half { side: whose, after } if *whose == side && end > *after => {
                    let _ = to.write_all(&piece[..(after - said) as usize]).await;
                    let _ = to.shutdown().await;
                    // What comes goes nowhere, until whoever speaks has enough.
                    while from.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
                    return;
                }
                Fault::Stall { side: whose, after } if *whose == side && end > *after => {
                    let _ = to.write_all(&piece[..(after - said) as usize]).await;
                    while from.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
                    return;
                }
                Fault::Flip { side: whose, at } if *whose == side && (said..end).contains(at) => {
                    piece[(at - said) as usize] ^= 0x10;
                }
                Fault::Late(ms) => sleep(Duration::from_millis(*ms)).await,
                Fault::Spoil { line, how } if side == Side::Server => {
                    let tag = heard.lock().expect("nobody panics").tag.clone();
                    let (before, behind) = spoiler.spoils(&piece, self.speech, *line, how, &tag);
                    if to.write_all(&before).await.is_err() {
                        return;
                    }
                    if *how == Spoil::Broken {
                        sleep(Duration::from_millis(20)).await;
                    }
                    piece = behind;
                }
                Fault::CutInLetter(after) if side == Side::Program => {
                    let letter = heard.lock().expect("nobody panics").letter;
                    if letter.is_some_and(|letter| letter > *after) {
                        let _ = to.write_all(&piece[..read / 2]).await;
                        return;
                    }
                }
                // The answer to the last line of the letter: the server has taken it.
                Fault::AnswerLost { .. } if side == Side::Server && heard.lock().expect("nobody panics").dotted => {
                    self.answers_lost.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                _ => {}
            }
            said = end;
            let passed = match fault {
                // Enough to split every line and every literal's beginning, and not for ever.
                Fault::Dribble if said < 6_000 => dribble(&mut to, &piece).await,
                _ => to.write_all(&piece).await,
            };
            if passed.is_err() {
                return;
            }
        }
    }
}

async fn dribble(to: &mut (impl AsyncWrite + Unpin), piece: &[u8]) -> std::io::Result<()> {
    for byte in piece {
        to.write_all(&[*byte]).await?;
        to.flush().await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// What the program has said, in clear.
#[derive(Default)]
struct Heard {
    last: Vec<u8>,
    tag: String,
    /// Bytes of the letter so far.
    letter: Option<u64>,
    dotted: bool,
}

impl Heard {
    fn takes(&mut self, piece: &[u8]) {
        if let Some(letter) = &mut self.letter {
            *letter += piece.len() as u64;
        }
        self.last.extend_from_slice(piece);
        if self.letter.is_some() && self.last.ends_with(b"\r\n.\r\n") {
            self.dotted = true;
        }
        while let Some(end) = self.last.windows(2).position(|pair| pair == b"\r\n") {
            if self.letter.is_some() {
                break;
            }
            let line: Vec<u8> = self.last.drain(..end + 2).collect();
            let line = String::from_utf8_lossy(&line).into_owned();
            if line.trim_end() == "DATA" {
                self.letter = Some(0);
            }
            self.tag = line.split(' ').next().unwrap_or_default().trim_end().to_owned();
        }
        let kept = self.last.len().saturating_sub(5);
        if self.letter.is_some() {
            self.last.drain(..kept);
        }
    }
}

/// Finds the lines of what a server says, and spoils one.
#[derive(Default)]
struct Spoiler {
    /// What is not a whole line yet.
    begun: Vec<u8>,
    /// Bytes that still belong to a literal.
    literal: usize,
    lines: u64,
    /// Bytes to be left out of the literal that comes, or put into it.
    owes: i64,
    done: bool,
}

impl Spoiler {
    /// What is passed on in the place of `piece`, in two pieces.
    fn spoils(&mut self, piece: &[u8], speech: Speech, line: u64, how: &Spoil, tag: &str) -> (Vec<u8>, Vec<u8>) {
        self.begun.extend_from_slice(piece);
        let (mut before, mut out) = (Vec::new(), Vec::new());
        loop {
            if self.literal > 0 {
                let length = self.literal.min(self.begun.len());
                let mut words: Vec<u8> = self.begun.drain(..length).collect();
                self.literal -= length;
                if self.owes < 0 {
                    let missing = (self.owes.unsigned_abs() as usize).min(words.len());
                    words.drain(..missing);
                } else if self.owes > 0 {
                    words.extend(std::iter::repeat_n(b'x', self.owes as usize));
                }
                self.owes = 0;
                out.extend(words);
                if self.literal > 0 || self.begun.is_empty() {
                    return (before, out);
                }
            }
            let Some(end) = self.begun.windows(2).position(|pair| pair == b"\r\n") else { return (before, out) };
            let mut words: Vec<u8> = self.begun.drain(..end + 2).collect();
            let announced = literal(&words).filter(|_| speech == Speech::Imap);
            self.literal = announced.unwrap_or(0);
            self.lines += 1;
            let about_a_literal = matches!(how, Spoil::Shorter(_) | Spoil::Longer(_) | Spoil::LiesBy(_));
            if self.done || self.lines <= line || (about_a_literal && announced.is_none()) {
                out.extend(words);
                continue;
            }
            self.done = true;
            match how {
                Spoil::Says(words) => out.extend(format!("{}\r\n", words.replace('#', tag)).bytes()),
                Spoil::Bit(at) => bit(&mut words, *at),
                Spoil::Lost => words.clear(),
                Spoil::Twice if announced.is_none() => out.extend(&words),
                Spoil::Twice => {}
                Spoil::Shorter(by) => self.owes = -(*by as i64),
                Spoil::Longer(by) => self.owes = *by as i64,
                Spoil::LiesBy(by) => {
                    let length = announced.unwrap_or(0);
                    let lie = (length as i64 + by).max(0);
                    let text = String::from_utf8_lossy(&words).replace(&format!("{{{length}}}"), &format!("{{{lie}}}"));
                    words = text.into_bytes();
                }
                Spoil::Broken => {
                    before = std::mem::take(&mut out);
                    before.extend(words.drain(..words.len() / 2));
                }
                Spoil::Unended if words.len() > 5 => words[3] = b'-',
                Spoil::Unended => {}
                Spoil::Instead(other) => words = format!("{other}\r\n").into_bytes(),
            }
            out.extend(words);
        }
    }
}

/// The length of the literal that a line of IMAP announces (RFC 3501, 4.3).
fn literal(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?.trim_end().strip_suffix('}')?;
    line.rsplit_once('{')?.1.parse().ok()
}

/// Changes one bit of a line, and neither its end nor a date, which nobody could tell.
fn bit(line: &mut [u8], at: u64) {
    let end = line.len() - 2;
    let text = String::from_utf8_lossy(line).into_owned();
    let date = text.find("INTERNALDATE").map(|start| start..(start + 42).min(end));
    let places: Vec<usize> = (0..end).filter(|at| !date.as_ref().is_some_and(|date| date.contains(at))).collect();
    if let Some(place) = places.get(at as usize % places.len().max(1)) {
        line[*place] ^= 1 << (at % 7);
    }
}
