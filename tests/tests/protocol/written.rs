//! What a real Erlang node makes of every control message that ergo writes, for links with all flags and with the fewest.

use ergo::dist::{Control, ControlError, Destination, DistFlags, Sender, Target};
use ergo::etf::Encoded;
use ergo::{Atom, Ref, Term, term};
use tests::peer::{FLAGS, MODERN};

use super::audience::Audience;

/// A process of the BEAM that shows what it gets, and does what it is told.
const WITNESS: &str = "
    register(witness, spawn(fun() ->
        process_flag(trap_exit, true),
        (fun F(Got) -> receive
            {'$got', P} when Got =/= [] -> P ! {got, hd(Got)}, F(tl(Got));
            {'$act', P, Fun} -> P ! {done, Fun()}, F(Got);
            M when element(1, M) =/= '$got' -> F(Got ++ [M]);
            M when not is_tuple(M) -> F(Got ++ [M])
        end end)([])
    end)).";

impl Audience {
    /// Sends what ergo writes on a link with these flags.
    fn write(&mut self, control: &Control, payload: Option<Term>) -> Result<(), ControlError> {
        let payload = payload.map(|payload| Encoded::from_value(&payload).unwrap());
        let mut sender = Sender::new(self.actor.flags);
        sender.push(control, payload.as_ref())?;
        let mut chunks = Vec::new();
        sender.take(&mut chunks);
        self.actor.send_bytes(&chunks.concat());
        Ok(())
    }

    /// The next that the witness gets, printed.
    async fn got(&mut self) -> String {
        let text = "witness ! {'$got', self()}, receive {got, M} -> M end.";
        self.eval(text).await
    }

    /// Has the witness do something.
    async fn act(&mut self, text: &str) -> String {
        let text = format!(
            "witness ! {{'$act', self(), fun() -> {text} end}}, receive {{done, M}} -> M end."
        );
        self.eval(&text).await
    }

    /// Everything that was sent has been dealt with, without an answer, and the link stands.
    async fn handled(&mut self) {
        self.actor.settle();
        // Signals reach the witness in the order in which they came to its node.
        assert_eq!(self.act("ok").await, "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beam_takes_all_that_ergo_writes() {
    for flags in [MODERN, FLAGS] {
        let mut audience = Audience::new(flags).await;
        audience.eval(WITNESS).await;
        let release = audience.erl.release();
        let flags = audience.actor.flags;
        let modern = flags.contains(DistFlags::EXIT_PAYLOAD);
        let witness = audience.pid("whereis(witness)").await;
        let (me, us) = (audience.actor.pid(1), audience.actor.name);
        let us = ergo::term!((us)).to_string();
        let mine = audience.eval("To.").await;
        let name = Atom::new("witness");
        let hello = || Some(term!(hello));
        let why = || Some(term!({why, [1, <<"two">>]}));

        for control in [
            Control::Send {
                from: Some(me),
                to: witness,
            },
            Control::Send {
                from: None,
                to: witness,
            },
            Control::RegSend { from: me, name },
        ] {
            audience.write(&control, hello()).unwrap();
            assert_eq!(audience.got().await, "hello");
        }
        // Links in every order.
        let link = Control::Link {
            from: me,
            to: witness,
        };
        let exit = Control::Exit {
            from: me,
            to: witness,
        };
        let exited = format!("{{'EXIT',{mine},{{why,[1,<<\"two\">>]}}}}");
        audience.write(&link, None).unwrap();
        audience.handled().await;
        audience.write(&exit, why()).unwrap();
        assert_eq!(audience.got().await, exited);
        audience.write(&link, None).unwrap();
        let unlink = Control::Unlink {
            id: Some(9),
            from: me,
            to: witness,
        };
        audience.write(&unlink, None).unwrap();
        if flags.contains(DistFlags::UNLINK_ID) {
            audience.actor.expect(term!({36, 9, (witness), (me)}));
        }
        audience.write(&exit, why()).unwrap();
        audience.handled().await;
        // Theirs, which we acknowledge.
        audience.act("link(To), unlink(To)").await;
        let unlinked = audience.actor.heard();
        let id = match &unlinked[1].control {
            Term::Tuple(tuple) if tuple[0] == Term::from(35) => {
                Some(u64::try_from(&tuple[1]).unwrap())
            }
            _ => None,
        };
        assert_eq!(id.is_some(), flags.contains(DistFlags::UNLINK_ID));
        if let Some(id) = id {
            let acknowledge = Control::UnlinkAck {
                id,
                from: me,
                to: witness,
            };
            audience.write(&acknowledge, None).unwrap();
        }
        // Linked anew, which it is only once the unlink is done with.
        audience.write(&link, None).unwrap();
        audience.write(&exit, why()).unwrap();
        assert_eq!(audience.got().await, exited, "once, by the link that stood");
        // Exit signals.
        let exit2 = |to| Control::Exit2 { from: me, to };
        audience
            .write(&exit2(Destination::Pid(witness)), why())
            .unwrap();
        assert_eq!(audience.got().await, exited);
        // Monitors of theirs.
        let reference = audience.actor.reference(5);
        for to in [Target::Pid(witness), Target::Name(name)] {
            let monitor = Control::Monitor {
                from: me,
                to,
                reference,
            };
            audience.write(&monitor, None).unwrap();
            audience
                .write(
                    &Control::Demonitor {
                        from: me,
                        to,
                        reference,
                    },
                    None,
                )
                .unwrap();
            audience.handled().await;
            assert_eq!(
                audience.act("process_info(self(), monitored_by)").await,
                "{monitored_by,[]}"
            );
        }
        // And of ours.
        let text = "put(m, monitor(process, To)), put(n, monitor(process, {kv, Node})), ok";
        audience.act(text).await;
        for said in audience.actor.heard() {
            let Term::Tuple(tuple) = said.control else {
                panic!("{:?}", said.control)
            };
            let Some(reference) = tuple[3].as_reference().copied() else {
                panic!("{tuple:?}")
            };
            let (from, object) = match &tuple[2] {
                Term::Pid(pid) => (Target::Pid(*pid), mine.clone()),
                Term::Atom(name) => (Target::Name(*name), format!("{{kv,{us}}}")),
                other => panic!("{other}"),
            };
            audience
                .write(
                    &Control::MonitorExit {
                        from,
                        to: witness,
                        reference,
                    },
                    why(),
                )
                .unwrap();
            let down = audience.got().await;
            assert!(down.starts_with("{'DOWN',#Ref<"), "{down}");
            let end = format!(",process,{object},{{why,[1,<<\"two\">>]}}}}");
            assert!(down.ends_with(&end), "{down}");
        }
        audience
            .write(
                &Control::GroupLeader {
                    leader: me,
                    to: witness,
                },
                None,
            )
            .unwrap();
        audience.handled().await;
        assert_eq!(audience.act("group_leader() =:= To").await, "true");

        // Aliases: of releases that have them, on links that allow them.
        let alias = |alias| Control::AliasSend { from: me, alias };
        if release >= 24 {
            let theirs = reference_of(&mut audience).await;
            let sent = audience.write(&alias(theirs), hello());
            if flags.contains(DistFlags::ALIAS) {
                assert_eq!(audience.got().await, "hello");
                audience.act("unalias(get(alias))").await;
                audience.write(&alias(theirs), hello()).unwrap();
                audience.handled().await;
            } else {
                assert_eq!(sent, Err(ControlError::NotNegotiated(DistFlags::ALIAS)));
            }
        }
        let theirs = if release >= 24 {
            reference_of(&mut audience).await
        } else {
            reference
        };
        for to in [Destination::Alias(theirs), Destination::Name(name)] {
            let sent = audience.write(&exit2(to), why());
            if flags.contains(DistFlags::ALTACT_SIG) {
                assert_eq!(audience.got().await, exited);
            } else {
                assert_eq!(
                    sent,
                    Err(ControlError::NotNegotiated(DistFlags::ALTACT_SIG))
                );
            }
        }
        assert_eq!(
            flags.contains(DistFlags::ALTACT_SIG),
            modern && release >= 28
        );
        audience.handled().await;
    }
}

async fn reference_of(audience: &mut Audience) -> Ref {
    let text = "term_to_binary(begin witness ! {'$act', self(), fun() -> put(alias, alias()), get(alias) end},
                receive {done, M} -> M end end).";
    let bytes = audience.erl.eval_bytes(text, &[]).await;
    ergo::etf::from_bytes(&bytes.into()).unwrap()
}
