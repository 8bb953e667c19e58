//! Exit codes, in one table (contract §2). Every error of every floor knows which is its own.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitCode {
    /// Done and everything ties; also: nothing new.
    Done,
    /// A defect of the program.
    Defect,
    /// The command line was not understood.
    Usage,
    /// Configuration, credentials or permission: a person must act.
    Configuration,
    /// Local storage: disk full, unreadable, damaged, or written by a newer version.
    Storage,
    /// Done, but the data does not tie, or an input file could not be read.
    DoesNotTie,
    /// Another run holds the lock.
    Locked,
    /// Some accounts or reports failed, the rest is done.
    PartlyDone,
    /// Stale (`status --max-age`).
    Stale,
    /// Temporary: run again.
    Temporary,
    /// Interrupted by SIGINT.
    Interrupted,
    /// Terminated by SIGTERM.
    Terminated,
}

impl ExitCode {
    /// Every code with its number and meaning, in numeric order; the README's table is tested against it.
    pub const TABLE: [(ExitCode, u8, &'static str); 12] = [
        (ExitCode::Done, 0, "done and everything ties (also: nothing new)"),
        (ExitCode::Defect, 1, "a defect of the program; please report it"),
        (ExitCode::Usage, 2, "usage"),
        (ExitCode::Configuration, 3, "configuration, credentials or permission: a person must act"),
        (ExitCode::Storage, 4, "local storage: disk full, unreadable, damaged, or written by a newer version"),
        (
            ExitCode::DoesNotTie,
            5,
            "done, but the data does not tie, or an input file could not be read; output is still written",
        ),
        (ExitCode::Locked, 6, "another run holds the lock"),
        (ExitCode::PartlyDone, 7, "partly done: some accounts or reports failed, the rest is done"),
        (ExitCode::Stale, 8, "stale (`status --max-age`)"),
        (ExitCode::Temporary, 75, "temporary: network, throttling, report not ready; run again"),
        (ExitCode::Interrupted, 130, "interrupted; state is clean"),
        (ExitCode::Terminated, 143, "terminated; state is clean"),
    ];

    /// The number that the operating system sees.
    #[must_use]
    pub fn number(self) -> u8 {
        Self::TABLE.iter().find(|row| row.0 == self).map_or(1, |row| row.1)
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// The one that counts when several apply: the first of 1, 3, 4, 5, 7, 75 (contract §2).
    #[must_use]
    pub fn worst(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
        const RANK: [ExitCode; 6] = [
            ExitCode::Defect,
            ExitCode::Configuration,
            ExitCode::Storage,
            ExitCode::DoesNotTie,
            ExitCode::PartlyDone,
            ExitCode::Temporary,
        ];
        let rank = |code: &ExitCode| RANK.iter().position(|ranked| ranked == code).unwrap_or(RANK.len());
        codes.into_iter().filter(|code| *code != ExitCode::Done).min_by_key(rank).unwrap_or(ExitCode::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_ranked_codes_wins() {
        use ExitCode::*;
        assert_eq!(ExitCode::worst([Done, Temporary, DoesNotTie, PartlyDone]), DoesNotTie);
        assert_eq!(ExitCode::worst([Storage, DoesNotTie, Configuration]), Configuration);
        assert_eq!(ExitCode::worst([]), Done);
        assert_eq!(ExitCode::Terminated.number(), 143);
    }
}
