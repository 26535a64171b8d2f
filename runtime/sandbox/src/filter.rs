//! The seccomp filters that every command runs under. Pure: builds programs as
//! bytes, knows no process.
//!
//! Namespaces and dropped capabilities already refuse most of this; the filters
//! close the kernel's doors themselves, so that a bug behind one is out of reach.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// System calls that do not exist for a command. `clone3` hides its flags behind
/// a pointer, `openat2` its mode, so programs fall back to calls that can be
/// judged; `memfd_create` makes memory that no process's size shows.
const ABSENT: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_openat2,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// System calls that answer "not permitted".
const DENIED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[i64] = &[
    libc::SYS__sysctl,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_modify_ldt,
    libc::SYS_sysfs,
    libc::SYS_uselib,
    libc::SYS_ustat,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[i64] = &[];

/// Added to the kernel in 6.6; not every libc names it yet.
const SYS_FCHMODAT2: i64 = 452;

const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];
const CLONE_NEWTIME: i32 = 0x80;

/// A System V segment that nobody maps shows in no process's size. Databases
/// ask for a few bytes.
const SHARED_SEGMENT_BYTES: u64 = 1 << 20;

/// The filter programs, in the form that bubblewrap reads.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    /// For every command.
    pub(crate) always: Vec<Vec<u8>>,
    /// Takes unix sockets away, for a command in the machine's own network
    /// where nothing else keeps it from the machine's abstract sockets.
    pub(crate) no_unix_sockets: Vec<u8>,
}

impl Filters {
    /// # Errors
    /// When this processor is none that the filters are written for.
    pub(crate) fn new() -> Result<Self, String> {
        let absent = ABSENT.iter().map(|call| (*call, Vec::new())).collect();
        Ok(Self {
            always: vec![
                #[cfg(target_arch = "x86_64")]
                foreign_calls(),
                program(absent, libc::ENOSYS)?,
                program(denied()?, libc::EPERM)?,
            ],
            no_unix_sockets: program(
                [(
                    libc::SYS_socket,
                    vec![rule(vec![equal(0, libc::AF_UNIX as u64)])?],
                )]
                .into(),
                libc::EPERM,
            )?,
        })
    }
}

fn denied() -> Result<Rules, String> {
    let mut rules: Rules = DENIED
        .iter()
        .chain(DENIED_HERE)
        .map(|call| (*call, Vec::new()))
        .collect();

    let mut namespaces = Vec::new();
    for flag in NAMESPACES {
        namespaces.push(rule(vec![has(0, flag as u64)])?);
    }
    rules.insert(libc::SYS_clone, namespaces.clone());
    namespaces.push(rule(vec![has(0, CLONE_NEWTIME as u64)])?);
    rules.insert(libc::SYS_unshare, namespaces);

    // Typing into the terminal of whoever started the server.
    rules.insert(
        libc::SYS_ioctl,
        vec![
            rule(vec![equal(1, libc::TIOCSTI)])?,
            rule(vec![equal(1, libc::TIOCLINUX)])?,
        ],
    );
    // Kernel surface that builds do not need.
    let mut families = Vec::new();
    for family in [libc::AF_VSOCK, libc::AF_ALG, libc::AF_PACKET, libc::AF_RDS] {
        families.push(rule(vec![equal(0, family as u64)])?);
    }
    rules.insert(libc::SYS_socket, families);
    rules.insert(
        libc::SYS_shmget,
        vec![rule(vec![condition(
            1,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::Gt,
            SHARED_SEGMENT_BYTES,
        )])?],
    );
    no_set_id_files(&mut rules)?;
    Ok(rules)
}

/// A set-user-id file made in a writable mount would carry the server's user out
/// of the sandbox.
fn no_set_id_files(rules: &mut Rules) -> Result<(), String> {
    let bits = [u64::from(libc::S_ISUID), u64::from(libc::S_ISGID)];
    let mut modes = vec![
        (libc::SYS_fchmod, 1),
        (libc::SYS_fchmodat, 2),
        (SYS_FCHMODAT2, 2),
        (libc::SYS_mknodat, 2),
    ];
    let mut opens = vec![(libc::SYS_openat, 2, 3)];
    #[cfg(target_arch = "x86_64")]
    {
        modes.extend([
            (libc::SYS_chmod, 1),
            (libc::SYS_creat, 1),
            (libc::SYS_mknod, 1),
        ]);
        opens.push((libc::SYS_open, 1, 2));
    }
    for (call, mode) in modes.drain(..) {
        let mut refused = Vec::new();
        for bit in bits {
            refused.push(rule(vec![has(mode, bit)])?);
        }
        rules.insert(call, refused);
    }
    // The mode means something only where the call may make a file.
    const TEMPORARY: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;
    for (call, flags, mode) in opens.drain(..) {
        let mut refused = Vec::new();
        for bit in bits {
            for making in [libc::O_CREAT, TEMPORARY] {
                refused.push(rule(vec![has(flags, making as u64), has(mode, bit)])?);
            }
        }
        rules.insert(call, refused);
    }
    Ok(())
}

/// A condition that is checked when it is put into a rule.
type Pending = Result<SeccompCondition, String>;

fn condition(argument: u8, width: SeccompCmpArgLen, operator: SeccompCmpOp, value: u64) -> Pending {
    SeccompCondition::new(argument, width, operator, value).map_err(|error| error.to_string())
}

fn equal(argument: u8, value: u64) -> Pending {
    condition(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn has(argument: u8, bit: u64) -> Pending {
    condition(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(bit),
        bit,
    )
}

fn rule(conditions: Vec<Pending>) -> Result<SeccompRule, String> {
    let conditions = conditions.into_iter().collect::<Result<_, _>>()?;
    SeccompRule::new(conditions).map_err(|error| error.to_string())
}

/// Answers `errno` to the calls in `rules`, allows every other.
fn program(rules: Rules, errno: i32) -> Result<Vec<u8>, String> {
    let machine = TargetArch::try_from(std::env::consts::ARCH).map_err(|e| e.to_string())?;
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, machine)
        .map_err(|e| e.to_string())?;
    let program = BpfProgram::try_from(filter).map_err(|e| e.to_string())?;
    Ok(program
        .iter()
        .flat_map(|step| instruction(step.code, step.jt, step.jf, step.k))
        .collect())
}

/// One instruction as the kernel reads it.
fn instruction(code: u16, yes: u8, no: u8, value: u32) -> [u8; 8] {
    let [c0, c1] = code.to_ne_bytes();
    let [v0, v1, v2, v3] = value.to_ne_bytes();
    [c0, c1, yes, no, v0, v1, v2, v3]
}

/// The same calls have second numbers (the x32 interface), which the other
/// programs would let pass.
#[cfg(target_arch = "x86_64")]
fn foreign_calls() -> Vec<u8> {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const FIRST_FOREIGN: u32 = 0x4000_0000;
    const REFUSE: u32 = 0x0005_0000 | libc::ENOSYS.unsigned_abs();
    const ALLOW: u32 = 0x7fff_0000;
    [
        instruction(LOAD_WORD, 0, 0, 0),
        instruction(JUMP_IF_AT_LEAST, 0, 1, FIRST_FOREIGN),
        instruction(RETURN, 0, 0, REFUSE),
        instruction(RETURN, 0, 0, ALLOW),
    ]
    .concat()
}
