//! A real Erlang node, and a scripted peer that hears all it says.

use bytes::BytesMut;
use ergo::dist::{Control, Received, Receiver};
use ergo::etf::Budget;
use ergo::{Atom, Pid, Term, term};
use tests::peer::UNLINK_ID;
use tests::{Actor, Cluster, DEADLINE, Erl, Said, unique_node};

/// A BEAM, and what a scripted peer hears of it.
pub(super) struct Audience {
    pub(super) erl: Erl,
    pub(super) actor: Actor,
    _cluster: Cluster,
}

impl Audience {
    /// A peer with these flags.
    pub(super) async fn new(flags: u64) -> Audience {
        Audience::try_new(flags)
            .await
            .expect("the BEAM takes these flags")
    }

    /// A peer with these flags, unless the release of the BEAM demands others.
    pub(super) async fn try_new(flags: u64) -> Option<Audience> {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        let local = erl.name().split_once('@').unwrap().0;
        let found = ergo::epmd::lookup("127.0.0.1", cluster.epmd_port(), local, DEADLINE).await;
        let port = found.unwrap().expect("registered").port;
        if erl.release() >= 26 && flags & UNLINK_ID == 0 {
            return None;
        }
        let actor = Actor::join(port, &unique_node("actor"), cluster.cookie(), flags);
        Some(Audience {
            erl,
            actor,
            _cluster: cluster,
        })
    }

    /// Evaluates with `To`, a process of the peer, and `Alias`, a reference of it, bound, and `Node`, its name.
    pub(super) async fn eval(&mut self, text: &str) -> String {
        let to = ergo::etf::to_bytes(&Term::Pid(self.actor.pid(1))).unwrap();
        let alias = ergo::etf::to_bytes(&Term::from(self.actor.reference(7))).unwrap();
        let text = format!(
            "To = binary_to_term(B1), Alias = binary_to_term(B2), Node = '{}', {text}",
            self.actor.name.as_str()
        );
        let bindings: [(&str, &[u8]); 2] = [("B1", &to), ("B2", &alias)];
        self.erl.eval_with(&text, &bindings).await
    }

    /// A pid that an expression gives.
    pub(super) async fn pid(&mut self, text: &str) -> Pid {
        let bytes = self
            .erl
            .eval_bytes(&format!("term_to_binary({text})."), &[])
            .await;
        ergo::etf::from_bytes(&bytes.into()).unwrap()
    }

    /// The operations that an expression makes the BEAM send.
    pub(super) async fn operations(&mut self, text: &str) -> Vec<String> {
        self.eval(text).await;
        let heard = self.actor.heard();
        heard.iter().for_each(|said| self.understood(said));
        heard.iter().map(Said::label).collect()
    }

    /// Reads the same bytes as ergo does on a link with these flags.
    pub(super) fn understood(&self, said: &Said) {
        let peer = Atom::new(self.erl.name());
        let mut receiver = Receiver::new(peer, self.actor.flags, 1 << 20);
        let length = u32::try_from(said.frame.len()).unwrap().to_be_bytes();
        let mut input = BytesMut::from(&[&length, &said.frame[..]].concat()[..]);
        let (control, payload) = match receiver.receive(&mut input).unwrap() {
            Some(Received::Message(control, payload)) => (control, payload),
            other => panic!("{other:?} of {said:?}"),
        };
        let altact = match &said.control {
            Term::Tuple(tuple) if said.operation == 37 => i64::try_from(&tuple[1]).unwrap(),
            _ => 0,
        };
        let meant = match said.operation {
            1 => "Link ",
            4 | 35 => "Unlink ",
            36 => "UnlinkAck ",
            7 => "GroupLeader ",
            19 => "Monitor ",
            20 => "Demonitor ",
            21 | 28 => "MonitorExit ",
            29 | 30 => "SpawnRequest",
            31 | 32 => "SpawnReply ",
            3 | 13 | 24 | 25 => "Exit ",
            8 | 18 | 26 | 27 => "Exit2 ",
            33 | 34 => "AliasSend ",
            2 | 12 | 22 | 23 => "Send ",
            6 | 16 => "RegSend ",
            37 if altact & 16 != 0 => "Exit2 ",
            37 if altact & 4 != 0 => "AliasSend ",
            37 if altact & 8 != 0 => "RegSend ",
            37 => "Send ",
            other => panic!("operation {other}"),
        };
        assert!(format!("{control:?}").starts_with(meant), "{control:?}");
        assert_eq!(control.has_payload(), payload.is_some());
        let payload: Option<Term> = payload.map(|it| it.decode(&Budget::default()).unwrap());
        match control {
            Control::SpawnRequest(_) => assert_eq!(payload, Some(term!([one, 2]))),
            // The link is to a process that is not there, or whose reason is given.
            _ => assert!(
                payload.is_none_or(|it| [term!(hello), term!(why), term!(noproc)].contains(&it))
            ),
        }
    }
}
