//! `--generate`: the man page and the completions, from the same source as the help.

use crate::app::{Section, Tool};
use crate::options::Generated;
use crate::report;
use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use millrace_fault::{Exit, Failure};
use std::ffi::OsString;
use std::io::{self, Write};

/// What argv asks to generate. Looked for before clap parses, so that operands
/// which are otherwise required are not.
pub(crate) fn requested(argv: &[OsString]) -> Option<String> {
    let first = argv.get(1)?.to_str()?;
    match first.strip_prefix("--generate=") {
        Some(form) => Some(form.to_owned()),
        None if first == "--generate" => Some(argv.get(2)?.to_str()?.to_owned()),
        None => None,
    }
}

pub(crate) fn print<T: Tool>(form: &str) -> Exit {
    let printed = Generated::from_str(form, true)
        .map_err(|_| {
            Failure::usage(format!("cannot generate '{form}'")).hint("one of man, bash, zsh, fish")
        })
        .and_then(|form| {
            let text = text::<T>(form).map_err(|error| Failure::io("render", T::NAME, error))?;
            io::stdout()
                .write_all(&text)
                .and_then(|()| io::stdout().flush())
                .map_err(|error| Failure::io("write", "standard output", error))
        });
    match printed {
        Ok(()) => Exit::DONE,
        Err(failure) => {
            report::failure(T::NAME, &failure);
            if failure.exit() == Exit::USAGE {
                T::USAGE
            } else {
                failure.exit()
            }
        }
    }
}

fn text<T: Tool>(form: Generated) -> io::Result<Vec<u8>> {
    let command = T::command().name(T::NAME);
    let shell = match form {
        Generated::Man => return man::<T>(command).map(|page| tidy(&page)),
        Generated::Bash => Shell::Bash,
        Generated::Zsh => Shell::Zsh,
        Generated::Fish => Shell::Fish,
    };
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command.clone(), T::NAME, &mut out);
    Ok(out)
}

/// NAME, SYNOPSIS, DESCRIPTION, OPTIONS, a part per subcommand, the tool's own
/// parts, then what holds for all tools.
fn man<T: Tool>(command: Command) -> io::Result<Vec<u8>> {
    let mut built = command.clone();
    built.build();
    let page = Man::new(built.clone())
        .date("")
        .source(format!("millrace {}", env!("CARGO_PKG_VERSION")))
        .manual("Millrace Manual");
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    for sub in built
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        subcommand::<T>(sub, &mut out)?;
    }
    for section in T::MANUAL {
        write_section(section, &mut out)?;
    }
    write_section(&("ENVIRONMENT", ENVIRONMENT), &mut out)?;
    write_section(
        &(
            "SEE ALSO",
            "millrace(7): the wire between tools, exit codes, messages, metrics",
        ),
        &mut out,
    )?;
    Ok(out)
}

/// What the generator leaves untidy, so that `man --warnings` and `mandoc -T lint` have
/// nothing to say: an empty date must be quoted to hold its place, a paragraph right after
/// a heading is none, and a blank line is spelt `.sp`.
fn tidy(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page).replace("\n.br\n\n.br\n", "\n.sp\n");
    let mut out = String::with_capacity(text.len());
    let mut after_heading = false;
    for line in text.lines() {
        let is_heading = line.starts_with(".SH") || line.starts_with(".SS");
        if !(after_heading && line == ".PP") {
            out.push_str(&match line.strip_prefix(".TH ") {
                Some(title) => format!(".TH {}", title.replacen("  ", " \"\" ", 1)),
                None => line.trim_end().to_owned(),
            });
            out.push('\n');
        }
        after_heading = is_heading;
    }
    out.into_bytes()
}

fn subcommand<T: Tool>(sub: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    let title = format!("{} {}", T::NAME, sub.get_name()).to_uppercase();
    let about = sub
        .get_long_about()
        .or(sub.get_about())
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut roff = Roff::new();
    roff.control("SH", [title.as_str()]).text([roman(about)]);
    roff.to_writer(out)?;
    // Options of every subcommand stand under OPTIONS, once.
    let own = sub.clone().mut_args(|arg| match arg.is_global_set() {
        true => arg.hide(true),
        false => arg,
    });
    let page = Man::new(own);
    let mut part = Vec::new();
    page.render_synopsis_section(&mut part)?;
    page.render_options_section(&mut part)?;
    out.extend(
        String::from_utf8_lossy(&part)
            .replace(".SH", ".SS")
            .into_bytes(),
    );
    Ok(())
}

/// Text as it stands: lines of examples keep their breaks and spaces.
fn write_section((title, text): &Section, out: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [*title]);
    for paragraph in text.trim_matches('\n').split("\n\n") {
        let verbatim = paragraph.lines().any(|line| line.starts_with("  "));
        roff.control("PP", []);
        if verbatim {
            roff.control("nf", []);
        }
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
        if verbatim {
            roff.control("fi", []);
        }
    }
    roff.to_writer(out)
}

const ENVIRONMENT: &str = "Every long option that takes part in several tools has an environment variable: --threads is MILLRACE_THREADS, --run-id is MILLRACE_RUN_ID, and so on. The command line wins, and an empty variable is none.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_tidied() {
        let page =
            ".TH x 1  \"millrace\" \"Manual\"\n.SH A\n.PP\ntext \n.br\n\n.br\nmore\n.PP\nend\n";
        assert_eq!(
            String::from_utf8(tidy(page.as_bytes())).unwrap(),
            ".TH x 1 \"\" \"millrace\" \"Manual\"\n.SH A\ntext\n.sp\nmore\n.PP\nend\n"
        );
    }
}
