//! Reading and changing the environment, from processes and from the node.

use super::ApplicationError;
use super::env::{EnvError, read};
use super::table::Applications;
use crate::etf::Decode;
use crate::process::{LocalNode, ProcessContext};
use crate::term::{Atom, Pid, Term};

impl LocalNode {
    /// A value of a loaded application's environment. In Erlang:
    /// `application:get_env(Application, Key)`.
    ///
    /// # Errors
    ///
    /// When there is no such value, or it is none of the wanted type. For an `Option` a missing
    /// value is `None`.
    pub fn env<T: Decode>(
        &self,
        application: impl Into<Atom>,
        key: impl Into<Atom>,
    ) -> Result<T, EnvError> {
        let (application, key) = (application.into(), key.into());
        let table = self.attached::<Applications>();
        // Decoded without the lock: that may take a while, and panic.
        let value = table.with_env(application, |env| env.get(key).cloned());
        read(application, key, value.flatten().as_ref(), self.budget())
    }

    /// Sets a value of a loaded application's environment, until it is unloaded. In Erlang:
    /// `application:set_env(Application, Key, Value)`.
    ///
    /// # Errors
    ///
    /// When the application is not loaded: Erlang would take the value, and lose it when the
    /// application is loaded.
    pub fn set_env(
        &self,
        application: impl Into<Atom>,
        key: impl Into<Atom>,
        value: impl Into<Term>,
    ) -> Result<(), ApplicationError> {
        self.change_env(application.into(), key.into(), Some(value.into()))
    }

    /// Removes a value of a loaded application's environment. In Erlang:
    /// `application:unset_env(Application, Key)`.
    ///
    /// # Errors
    ///
    /// When the application is not loaded.
    pub fn unset_env(
        &self,
        application: impl Into<Atom>,
        key: impl Into<Atom>,
    ) -> Result<(), ApplicationError> {
        self.change_env(application.into(), key.into(), None)
    }

    fn change_env(
        &self,
        application: Atom,
        key: Atom,
        value: Option<Term>,
    ) -> Result<(), ApplicationError> {
        let table = self.attached::<Applications>();
        table
            .with_env(application, |env| env.change(key, value))
            .ok_or(ApplicationError::NotLoaded(application))
    }

    /// All values of a loaded application's environment, in the order of their keys; none if it is
    /// not loaded. In Erlang: `application:get_all_env(Application)`.
    pub fn all_env(&self, application: impl Into<Atom>) -> Vec<(Atom, Term)> {
        let table = self.attached::<Applications>();
        let all = table.with_env(application.into(), |env| env.all());
        all.unwrap_or_default()
    }

    /// The application to which a process of this node belongs: the one whose master leads its
    /// group. In Erlang: `application:get_application(Pid)`.
    pub fn application_of(&self, pid: &Pid) -> Option<Atom> {
        let leader = self.process(pid)?.core().group_leader();
        self.attached::<Applications>().led_by(&leader)
    }
}

/// What a process has of its application.
impl ProcessContext {
    /// The application to which this process belongs. In Erlang: `application:get_application()`.
    pub fn application(&self) -> Option<Atom> {
        let table = self.node().attached::<Applications>();
        table.led_by(&self.group_leader())
    }

    /// A value of the environment of the application to which this process belongs. In Erlang:
    /// `application:get_env(Key)`.
    ///
    /// # Errors
    ///
    /// When the process belongs to no application, when there is no such value, or when it is none
    /// of the wanted type. For an `Option` a missing value is `None`.
    pub fn env<T: Decode>(&self, key: impl Into<Atom>) -> Result<T, EnvError> {
        let application = self
            .application()
            .ok_or(EnvError::NoApplication(self.pid()))?;
        self.node().env(application, key)
    }
}
