//! The process `logger_proxy`: events of `logger` whose group leader is here.

use super::chardata::{self, Encoding};
use super::format::{cut, format};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
use crate::gen_server::{Context, InitError, Message, MessageKind, Next, Server, Unknown};
use crate::term::{Atom, Term};

/// Hands events to `tracing`, target `ergo::logger`, with their level and who logs.
pub(crate) struct LoggerProxy;

pub(crate) enum LoggerMessage {
    /// `{log, Level, Format, Args, Meta}`, and `{log, Level, StringOrReport, Meta}`.
    Log {
        level: Atom,
        text: String,
        meta: Term,
    },
}

impl Server for LoggerProxy {
    type Args = ();
    type Message = LoggerMessage;

    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.never_suspend();
        ctx.trap_exit(true);
        Ok(LoggerProxy)
    }

    async fn handle(&mut self, message: LoggerMessage, _: &mut Context<Self>) -> Next {
        let LoggerMessage::Log { level, text, meta } = message;
        let from = meta.as_map().and_then(|meta| meta.get_atom("pid"));
        let from = from.map(tracing::field::display);
        match level.as_str() {
            "emergency" | "alert" | "critical" | "error" => {
                tracing::error!(target: "ergo::logger", from, level = level.as_str(), "{text}");
            }
            "warning" => tracing::warn!(target: "ergo::logger", from, "{text}"),
            "notice" | "info" => {
                tracing::info!(target: "ergo::logger", from, level = level.as_str(), "{text}");
            }
            _ => tracing::debug!(target: "ergo::logger", from, "{text}"),
        }
        Next::Continue
    }
}

impl Message for LoggerMessage {
    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let args = match from.head()? {
            Some(head) if head.tag == "log" => head.args,
            _ => return Ok(None),
        };
        if !matches!(args, Some(3 | 4)) {
            return Ok(None);
        }
        from.enter_head()?;
        let level = from.atom()?;
        let what = from.term()?;
        let text = match args {
            Some(4) => {
                let args = from.term()?;
                format(&what, &args).unwrap_or_else(|| cut(&what) + " " + &cut(&args))
            }
            _ => chardata::text(&what, Encoding::Unicode).unwrap_or_else(|| cut(&what)),
        };
        let meta = from.term()?;
        Ok(Some(LoggerMessage::Log { level, text, meta }))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}
