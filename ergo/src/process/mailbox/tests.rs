use super::*;

fn push(mailbox: &Mailbox<u8>, message: u8) -> bool {
    match mailbox.push(Envelope::Typed(message)) {
        Ok(pushed) => pushed == Pushed::ToWake,
        Err(_) => panic!("refused"),
    }
}

fn next(inbox: &mut Inbox<u8>, mailbox: &Mailbox<u8>) -> Option<u8> {
    inbox.next(mailbox).map(|envelope| match envelope {
        Envelope::Typed(message) => message,
        other => panic!("{other:?}"),
    })
}

#[test]
fn who_pushes_after_all_was_taken_wakes_the_receiver() {
    let (mailbox, mut inbox) = (Mailbox::new(Limit::default()), Inbox::new());
    assert!(!push(&mailbox, 1), "it has not looked yet");
    assert_eq!(next(&mut inbox, &mailbox), Some(1));
    assert!(!mailbox.counts().idle, "it handles one");
    // It does not look again on its own.
    assert!(push(&mailbox, 2));
    assert!(!push(&mailbox, 3), "once is enough");
    assert_eq!(next(&mut inbox, &mailbox), Some(2));
    assert!(!push(&mailbox, 4), "it has more to handle, and looks again");
    assert_eq!(next(&mut inbox, &mailbox), Some(3));
    assert_eq!(next(&mut inbox, &mailbox), Some(4));
    assert_eq!(next(&mut inbox, &mailbox), None);
    assert!(mailbox.counts().idle);
    assert_eq!(next(&mut inbox, &mailbox), None);
    assert!(push(&mailbox, 5));
    assert!(!mailbox.counts().idle);
    assert_eq!(next(&mut inbox, &mailbox), Some(5));
}

#[test]
fn a_receiver_that_waits_no_more_is_not_woken() {
    let (mailbox, mut inbox) = (Mailbox::new(Limit::default()), Inbox::new());
    assert_eq!(next(&mut inbox, &mailbox), None);
    inbox.stop_waiting(&mailbox);
    assert!(!mailbox.counts().idle);
    assert!(!push(&mailbox, 1));
    assert_eq!(next(&mut inbox, &mailbox), Some(1));
}

#[test]
fn the_memory_of_a_burst_is_given_back() {
    let (mailbox, mut inbox) = (Mailbox::new(Limit::default()), Inbox::new());
    let large = |inbox: &Inbox<u8>| {
        let waiting = mailbox.lock().queue.capacity();
        inbox.batch.capacity().max(waiting) > KEPT_CAPACITY
    };
    for _ in 0..=KEPT_CAPACITY {
        push(&mailbox, 0);
    }
    while next(&mut inbox, &mailbox).is_some() {}
    assert!(!large(&inbox));
    for _ in 0..=KEPT_CAPACITY {
        push(&mailbox, 0);
    }
    let mut handled = 0;
    while next(&mut inbox, &mailbox).is_some() {
        handled += 1;
        if handled == KEPT_CAPACITY {
            push(&mailbox, 0);
        }
    }
    assert!(!large(&inbox), "a single message comes last");
}

/// Two cache lines: what millions of processes have is worth a look.
#[test]
fn a_mailbox_is_small() {
    assert!(size_of::<Mailbox<[u64; 3]>>() <= 128);
}
