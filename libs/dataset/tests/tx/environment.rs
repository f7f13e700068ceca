//! A full disk, a file-size limit, a folder that must not be changed: exit 4, one line,
//! the old data intact. Where the machine does not let us, the reason is printed.

use super::driver::{self, Ended};
use super::scene::{Job, Mode, Scene, base};
use std::path::Path;
use std::process::Command;

fn failed_cleanly(scene: &Scene, code: i32, stderr: &str, reason: &str) {
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(reason), "{stderr}");
    assert_eq!(scene.rows(), base().partitions);
    scene.recover().unwrap();
    assert_eq!(scene.rows(), base().partitions);
    assert!(scene.leftovers().is_empty());
}

struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn tmpfs<'a>(place: &'a Path, size: &str) -> Option<Mounted<'a>> {
    let options = format!("size={size}");
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
        .arg(place)
        .output();
    match mount {
        Ok(output) if output.status.success() => Some(Mounted(place)),
        other => {
            println!("skipped: cannot mount a tmpfs here: {other:?}");
            None
        }
    }
}

/// The disk has room for the data but not for the state, or not for the data: filled up
/// to every remaining size, so that every write of the commit meets it.
#[test]
fn a_full_disk_at_every_write() {
    let place = tempfile::tempdir().unwrap();
    let Some(_mounted) = tmpfs(place.path(), "1m") else {
        return;
    };
    let mut job = Job::new("o", Mode::Overwrite).rows("p=1", 20..30);
    for n in 4..16 {
        job = job.rows(&format!("p={n}"), [n]);
    }
    let (mut failed, mut committed) = (0, 0);
    for free_pages in 0..24usize {
        let scene = Scene::within(place.path());
        scene.commit(&base()).unwrap();
        let ballast = place.path().join("ballast");
        fill(&ballast, free_pages * 4096);
        let ended = driver::run(&job, &scene.path, "");
        std::fs::remove_file(&ballast).unwrap();
        match ended.code {
            0 => committed += 1,
            4 if ended.stderr.contains("the next run completes it") => failed += 1,
            4 => {
                failed += 1;
                assert!(
                    ended.stderr.contains("no space left on device"),
                    "{}",
                    ended.stderr
                );
                assert_eq!(scene.rows(), base().partitions, "{}", ended.stderr);
            }
            code => panic!("{free_pages} pages free: exit {code}: {}", ended.stderr),
        }
        assert!(ended.stderr.lines().count() <= 1, "{}", ended.stderr);
        scene.recover().unwrap();
        assert_eq!(driver::run(&job, &scene.path, "").code, 0);
        assert_eq!(scene.rows()["p=1"], (20..30).collect::<Vec<_>>());
        assert_eq!(scene.rows()["p=15"], [15]);
    }
    assert!(
        failed > 10 && committed > 0,
        "{failed} failed, {committed} committed"
    );
}

/// Fills the disk until `free` bytes are left.
fn fill(ballast: &Path, free: usize) {
    use std::io::Write;
    let mut file = std::fs::File::create(ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(free as u64)).unwrap();
}

/// From nothing up to enough, so that data, intent and log meet the limit in turn.
#[test]
fn a_limit_on_file_sizes() {
    let job = Job::new("o", Mode::Overwrite).rows("p=1", (0..600).map(|n| n * n));
    let mut codes = Vec::new();
    for blocks in 0..16 {
        let scene = Scene::with_base();
        let ended = limited(&job, &scene.path, blocks);
        codes.push(ended.code);
        if ended.code == 4 && !ended.stderr.contains("the next run completes it") {
            failed_cleanly(&scene, ended.code, &ended.stderr, "file too large");
        }
        scene.recover().unwrap();
        assert_eq!(driver::run(&job, &scene.path, "").code, 0);
        assert_eq!(scene.rows()["p=1"].len(), 600);
    }
    assert!(codes.contains(&4) && codes.ends_with(&[0]), "{codes:?}");
}

/// `job` under a limit of so many blocks of 512 bytes.
fn limited(job: &Job, root: &Path, blocks: u32) -> Ended {
    let program = driver::command(job, root);
    // SIGXFSZ is ignored, as the tools do: the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script, "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        value.map(|value| shell.env(name, value));
    }
    driver::ended(shell.output().unwrap(), Path::new("/dev/null"))
}

#[test]
fn a_folder_that_must_not_be_changed() {
    let scene = Scene::within(&std::env::temp_dir());
    scene.commit(&base()).unwrap();
    let immutable = scene.path.join("p=1");
    let chattr = |flag: &str| Command::new("chattr").arg(flag).arg(&immutable).output();
    match chattr("+i") {
        Ok(output) if output.status.success() => {}
        other => return println!("skipped: chattr +i is not possible here: {other:?}"),
    }
    let job = Job::new("o", Mode::Overwrite)
        .rows("p=1", 20..25)
        .rows("p=2", 25..30);
    let ended = driver::run(&job, &scene.path, "");
    chattr("-i").unwrap();
    failed_cleanly(&scene, ended.code, &ended.stderr, "operation not permitted");
    assert!(ended.stderr.contains("p=1"), "{}", ended.stderr);
}

#[test]
fn a_root_that_cannot_be_written_to() {
    let scene = Scene::within(&std::env::temp_dir());
    scene.commit(&base()).unwrap();
    let chattr = |flag: &str| Command::new("chattr").arg(flag).arg(&scene.path).output();
    match chattr("+i") {
        Ok(output) if output.status.success() => {}
        other => return println!("skipped: chattr +i is not possible here: {other:?}"),
    }
    let ended = driver::run(
        &Job::new("n", Mode::Append).rows("p=7", 1..2),
        &scene.path,
        "",
    );
    chattr("-i").unwrap();
    failed_cleanly(&scene, ended.code, &ended.stderr, "cannot write to");
}

/// Mounts `options` at `place`; says why not.
fn mount<'a>(place: &'a Path, options: &[&str]) -> Option<Mounted<'a>> {
    std::fs::create_dir_all(place).unwrap();
    match Command::new("mount").args(options).arg(place).output() {
        Ok(output) if output.status.success() => Some(Mounted(place)),
        other => {
            println!("skipped: cannot mount {options:?} here: {other:?}");
            None
        }
    }
}

/// A dataset in a lower layer of an overlay (a container's image): its folders cannot be
/// exchanged, which is found out before the commit point.
#[test]
fn a_lower_layer_of_an_overlay() {
    let image = Scene::with_base();
    let layers = tempfile::tempdir().unwrap();
    let at = |name: &str| layers.path().join(name).to_string_lossy().into_owned();
    let lower = image.folder.path().to_string_lossy().into_owned();
    // Layers of their own filesystem: an overlay does not go onto an overlay.
    let Some(_base) = mount(layers.path(), &["-t", "tmpfs", "tmpfs"]) else {
        return;
    };
    std::fs::create_dir(at("upper")).unwrap();
    std::fs::create_dir(at("work")).unwrap();
    let options = format!(
        "lowerdir={lower},upperdir={},workdir={},redirect_dir=off",
        at("upper"),
        at("work")
    );
    let merged = layers.path().join("merged");
    let Some(_overlay) = mount(&merged, &["-t", "overlay", "-o", &options, "overlay"]) else {
        return;
    };
    let path = merged.join("out");
    let before = super::scene::rows(&path);
    assert_eq!(before, base().partitions);
    let job = Job {
        adopt: true,
        ..Job::new("o", Mode::Overwrite)
            .rows("p=1", 20..25)
            .rows("p=7", 1..2)
    };
    let ended = driver::run(&job, &path, "");
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("lower layer of an overlay"),
        "{}",
        ended.stderr
    );
    assert_eq!(super::scene::rows(&path), before);
    // What was made in the upper layer is exchanged like anywhere else.
    let fresh = merged.join("fresh");
    for run in ["one", "two"] {
        Job::new(run, Mode::Overwrite)
            .rows("p=1", 20..25)
            .run(&fresh)
            .unwrap();
    }
    assert_eq!(super::scene::rows(&fresh)["p=1"].len(), 5);
}

/// A root that is a mount point has its state on another filesystem.
#[test]
fn a_root_that_is_a_mount_point() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let Some(_mounted) = mount(&path, &["-t", "tmpfs", "tmpfs"]) else {
        return;
    };
    let failure = millrace_fault::Failure::from(base().run(&path).unwrap_err());
    assert_eq!(failure.exit().0, 4, "{failure}");
    assert!(
        failure.to_string().contains("is a mount point"),
        "{failure}"
    );
    assert!(super::scene::rows(&path).is_empty());
    base().run(&path.join("below")).unwrap();
}
