//! One message to many processes.

use crate::etf::{Encode, EncodeError, Encoded};
use crate::process::{LocalNode, ProcessId};
use crate::term::Pid;

/// Sends a message to processes here and elsewhere, encoded once for either. Says how many they were.
pub(crate) fn send_all(
    node: &LocalNode,
    to: impl IntoIterator<Item = Pid>,
    message: &(impl Encode + ?Sized),
) -> Result<usize, EncodeError> {
    let from = node.calling_pid();
    let (mut here, mut elsewhere) = (None, None);
    let mut sent = 0;
    for pid in to {
        let message = if pid.node == node.name() {
            written(&mut here, || Encoded::from_value(message))?
        } else {
            written(&mut elsewhere, || Encoded::for_link(message))?
        };
        node.send_encoded(from, ProcessId::Pid(pid), message.into());
        sent += 1;
    }
    Ok(sent)
}

/// The message in one form, written the first time.
fn written(
    form: &mut Option<Encoded>,
    write: impl FnOnce() -> Result<Encoded, EncodeError>,
) -> Result<Encoded, EncodeError> {
    match form {
        Some(message) => Ok(message.clone()),
        None => Ok(form.insert(write()?).clone()),
    }
}
