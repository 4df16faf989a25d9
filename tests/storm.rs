//! A storm: somebody forges our address, and in one night the reports, notes and receipts of five thousand machines come
//! back to us, while fifty residents complain.
//!
//! Goal: every resident is acknowledged once, no machine is answered, and people can tell in the morning what happened.
//! How: `tests/storm/machines.rs` writes what machines write, from one seed; the rounds are the real ones.

#[expect(dead_code, reason = "a storm needs no more of the world")]
mod sim;

#[path = "storm/machines.rs"]
mod machines;
#[expect(dead_code, reason = "a storm needs the dice only")]
#[path = "sim/people.rs"]
mod people;

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use machines::{MACHINES, Machine, Original};
use people::Dice;
use redress::store::InboxRow;
use sha2::{Digest as _, Sha256};
use sim::*;

const COMPLAINTS: usize = 50;
const MESSAGES: usize = 5_000;
/// The night, in stretches of ten minutes.
const STRETCHES: usize = 50;

fn resident(number: usize) -> String {
    format!("resident{number}@example.com")
}

fn complaint(number: usize) -> Mail {
    let what = ["kitchen ceiling", "bathroom floor", "front door", "bedroom window", "boiler"][number % 5];
    let words = format!(
        "I am writing to complain about the way my repair has been handled. The {what} has been broken since August, I have \
         rung five times and nobody has come. This is not good enough.\n\nI want the {what} mended and an apology.\n\nResident \
         {number}\n{number} Orchard Court"
    );
    Mail::from(&format!("Resident {number} <{}>", resident(number))).saying(&format!("Complaint: {what}"), &words)
}

/// Letters that have left, for machines to write about.
#[derive(Default)]
struct Left {
    all: Vec<Letter>,
    /// To five residents, and the first three to each of the staff: their mailboxes are gone.
    lost: Vec<Letter>,
}

impl Left {
    fn look(&mut self, world: &World) {
        let taken = world.server.lock().expect("nobody panics").taken[self.all.len()..].to_vec();
        for letter in taken {
            let staff = [OFFICER, DEPUTY, MANAGER, OPERATOR].contains(&letter.to.as_str());
            let lost_before = self.lost.iter().filter(|other| other.to == letter.to).count();
            if (staff && lost_before < 3) || (0..5).any(|number| resident(number) == letter.to) {
                self.lost.push(letter.clone());
            }
            self.all.push(letter);
        }
    }

    /// What the next machine writes about: a letter of ours, one that is almost ours, or one that never was.
    fn original(&self, machine: &Machine, number: usize, dice: &mut Dice) -> Original {
        let letters = if machine.returns { &self.lost } else { &self.all };
        match dice.below(10) {
            0..=3 if !letters.is_empty() => Original::ours(dice.pick(letters)),
            4 | 5 if !letters.is_empty() => Original::forged(dice, number, Some(&letters[0])),
            _ => Original::forged(dice, number, None),
        }
    }
}

#[tokio::test]
async fn five_thousand_machines_in_one_night_are_answered_by_nobody_and_fifty_residents_once() {
    let mut world = World::at("Thu 26 Nov 2026 22:00").await;
    let (mut dice, mut left) = (Dice::new(20_261_126), Left::default());
    let mut delivered: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut written = 0;
    for stretch in 0..STRETCHES {
        while written < MESSAGES * (stretch + 1) / STRETCHES {
            let machine = dice.pick(&MACHINES);
            let raw = machine.writes(&left.original(machine, written, &mut dice), written, &mut dice);
            *kinds.entry(machine.name).or_default() += 1;
            world.arrives_raw("complaints", "INBOX", &raw);
            delivered.insert(raw);
            written += 1;
        }
        if stretch < COMPLAINTS {
            world.arrives("complaints", "INBOX", complaint(stretch));
        }
        world.looks().await;
        left.look(&world);
        world.clock.set(world.now() + 10.minutes());
    }
    world.goes_to("Fri 27 Nov 2026 09:00").await;
    assert!(kinds.len() == MACHINES.len() && kinds.values().all(|count| *count > MESSAGES / 50), "{kinds:?}");

    // Each resident is acknowledged once, and nobody else but the landlord's own people is written to.
    assert_eq!(world.cases().await.len(), COMPLAINTS);
    let mut to: BTreeMap<String, usize> = BTreeMap::new();
    for letter in &world.server.lock().unwrap().taken {
        *to.entry(letter.to.clone()).or_default() += 1;
    }
    for number in 0..COMPLAINTS {
        let told = world.told(&resident(number)).await;
        assert!(told.len() == 1 && told[0].ends_with(" acknowledgement"), "{number}: {told:?}");
        to.remove(&resident(number));
    }
    let others: BTreeSet<&str> = to.keys().map(String::as_str).collect();
    let staff = BTreeSet::from([OFFICER, DEPUTY, MANAGER, MEMBER, OPERATOR]);
    assert!(others.is_subset(&staff), "{to:?}");

    // However often a letter came back, its being lost is told once; and word of that which is lost as well goes no further
    // than the operator.
    let lost = left.lost.len();
    assert!(to.values().sum::<usize>() <= 3 * COMPLAINTS + 2 * lost, "{lost} letters were lost: {to:?}");
    assert!(to.get(OPERATOR).is_none_or(|letters| *letters <= lost), "{to:?}");

    // Every message is on record: handled, or known for a copy of one that was.
    let inbox = world.inbox().await;
    assert_eq!(inbox.len(), MESSAGES + COMPLAINTS);
    assert!(inbox.iter().all(|row| row.state == "handled" || row.state == "copy"), "{:?}", world.sorted().await);
    let mut stored: BTreeSet<[u8; 32]> = BTreeSet::new();
    for row in &inbox {
        let raw = world.office().store.message(row.id).await.unwrap().unwrap().raw.unwrap();
        stored.insert(Sha256::digest(raw).into());
    }
    assert!(delivered.iter().all(|raw| stored.contains::<[u8; 32]>(&Sha256::digest(raw).into())));

    // In the morning one line tells of it.
    let lists = world.lists_to(OFFICER);
    assert_eq!(lists.len(), 1);
    let from_machines = |row: &&InboxRow| row.state == "handled" && row.sorted.as_deref() != Some("complaint");
    let machines = inbox.iter().filter(from_machines).count();
    assert!(machines > MESSAGES * 9 / 10, "{machines}");
    let line = format!("{machines} messages came from machines since your last list");
    assert!(lists[0].says(&line) && lists[0].says("None was answered"), "{line}: {}", lists[0].text);
    let lines: Vec<&str> = lists[0].text.lines().filter(|line| line.starts_with("- ")).collect();
    let different: BTreeSet<&str> = lines.iter().copied().collect();
    assert!(lines.len() == different.len() && lines.len() < 2 * COMPLAINTS, "{}", lists[0].text);
}
