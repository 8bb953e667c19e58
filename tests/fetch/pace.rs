//! Quotas that outlive the process.
