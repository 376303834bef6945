//! What `appmon_info` is told.

use std::time::Duration;

use crate::etf::{DecodeError, Decoder, EncodeError, Encoder, Kind};
use crate::gen_server::{Caller, Message, MessageKind, ReplyTo};
use crate::process::Exit;
use crate::term::{Atom, Pid, Term};

/// How often it looks if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Nobody is told more often.
const LEAST_TIMEOUT: Duration = Duration::from_millis(100);

/// What is to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Applications,
    Tree,
    Process,
    Load,
}

/// What is to be told to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) command: Command,
    /// The application or the process, and the node for the rest.
    pub(super) about: Term,
    pub(super) from: Pid,
}

pub(super) enum AppmonMessage {
    /// `{register_client, Pid}`
    Register(Pid, ReplyTo<Atom>),
    /// `{From, Command, About, true, Options}`, with how often it is to look, if more than once.
    Watch(Order, Option<Duration>),
    /// The same with anything but `true`.
    Forget(Order),
    /// Its own: it is time to look.
    Look(u64),
    /// A client has ended, or wants no more.
    Exit(Exit),
}

impl Command {
    pub(super) fn name(self) -> &'static str {
        match self {
            Command::Applications => "app_ctrl",
            Command::Tree => "app",
            Command::Process => "pinfo",
            Command::Load => "load",
        }
    }

    fn read(name: &str) -> Option<Command> {
        let all = [
            Command::Applications,
            Command::Tree,
            Command::Process,
            Command::Load,
        ];
        all.into_iter().find(|command| command.name() == name)
    }
}

impl Message for AppmonMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "register_client" && head.args == Some(1) => {
                from.enter_head()?;
                let client = from.pid()?;
                Ok(Some(AppmonMessage::Register(client, caller.reply_to())))
            }
            _ => Ok(None),
        }
    }

    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        from.tuple_of(5)?;
        let client = from.pid()?;
        let Some(command) = Command::read(&from.atom_text()?) else {
            return Ok(None);
        };
        // Nothing else is asked about, and nothing larger is to be kept.
        let about: Term = match from.kind()? {
            Kind::Pid => from.pid()?.into(),
            _ => from.atom()?.into(),
        };
        let on = from.accept_atom("true")?;
        if !on {
            from.skip()?;
        }
        let order = Order {
            command,
            about,
            from: client,
        };
        Ok(Some(match on {
            true => AppmonMessage::Watch(order, timeout(&from.term()?)),
            false => AppmonMessage::Forget(order),
        }))
    }

    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Ok(AppmonMessage::Exit(exit))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        match self {
            AppmonMessage::Register(..) => MessageKind::Call,
            AppmonMessage::Watch(..) | AppmonMessage::Forget(_) => MessageKind::Cast,
            AppmonMessage::Look(_) | AppmonMessage::Exit(_) => MessageKind::Info,
        }
    }
}

/// The `{timeout, T}` of options: how often to look; `None` for `at_most_once`.
fn timeout(options: &Term) -> Option<Duration> {
    let options = options.as_list().into_iter().flatten();
    let mut given = options.filter_map(|option| match option {
        Term::Tuple(pair) => match &pair[..] {
            [Term::Atom(key), value] if *key == *"timeout" => Some(value),
            _ => None,
        },
        _ => None,
    });
    match given.next_back() {
        Some(Term::Int(millis)) => {
            let millis = u64::try_from(*millis).unwrap_or_default();
            Some(Duration::from_millis(millis).max(LEAST_TIMEOUT))
        }
        Some(Term::Atom(once)) if *once == *"at_most_once" => None,
        _ => Some(TIMEOUT),
    }
}
