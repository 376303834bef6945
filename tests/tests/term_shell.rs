//! A real `erl` judges how terms print, read and sort.

use std::cmp::Ordering;
use std::sync::OnceLock;

use ergo::etf::to_bytes;
use ergo::term::{Fun, FunCode, LocalFun};
use ergo::{Atom, Pid, Ref, Term};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tests::{Erl, terms};

/// Reads lines as terms: `{ok, Term}` or `error` each.
const READ: &str = r#"
    Read = fun(Line) ->
        case erl_scan:string(unicode:characters_to_list(Line) ++ "\n.") of
            {ok, Tokens, _} ->
                case catch erl_parse:parse_term(Tokens) of
                    {ok, Term} -> {ok, Term};
                    _ -> error
                end;
            _ -> error
        end
    end,
    Lines = binary:split(Text, <<"\n">>, [global]),
"#;

/// Prints as a shell does; from OTP 26 on the order of map keys has to be asked for.
const PRINT: &str = r#"
    Format = case list_to_integer(erlang:system_info(otp_release)) of
        Release when Release >= 26 -> "~0tkp";
        _ -> "~0tp"
    end,
    Print = fun(Term) -> unicode:characters_to_binary(io_lib:format(Format, [Term])) end,
"#;

fn erl() -> &'static Erl {
    static ERL: OnceLock<Erl> = OnceLock::new();
    ERL.get_or_init(|| Erl::options().start_blocking())
}

fn sample<T: std::fmt::Debug>(count: usize, strategy: BoxedStrategy<T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let tree = |_| strategy.new_tree(&mut runner).expect("a value");
    (0..count).map(tree).map(|tree| tree.current()).collect()
}

fn ask(erl: &Erl, expression: &str, lines: &[String]) -> Vec<String> {
    let text = lines.join("\n");
    let expression = format!("{READ}{PRINT}{expression}.");
    let answer = erl.eval_bytes_blocking(&expression, &[("Text", text.as_bytes())]);
    let answer = String::from_utf8(answer).expect("UTF-8");
    answer.lines().map(String::from).collect()
}

/// What `erl` prints for the terms it reads from these lines; `error` for what it does not read.
fn reprinted(erl: &Erl, lines: &[String]) -> Vec<String> {
    let expression = r#"
        [case Read(Line) of
             {ok, Term} -> [Print(Term), $\n];
             error -> "error\n"
         end || Line <- Lines]
    "#;
    ask(erl, expression, lines)
}

/// Whether a release prints what stands in this line as those from 25 to 28 do, whose shell is ours.
fn prints_as_ours(line: &str, release: u32) -> bool {
    match release {
        // Large whole floats in full, and no sign of zero.
        ..25 => !(15..23).any(|e| line.contains(&format!("e{e}"))) && !line.contains("-0.0"),
        25..29 => true,
        // Latin-1 in binaries as numbers, when it could be the beginning of UTF-8.
        29.. => !line.contains(|c| ('\u{80}'..='\u{ff}').contains(&c)),
    }
}

fn assert_prints_alike(erl: &Erl, lines: &[String]) {
    let known = |line: &&String| prints_as_ours(line, erl.release());
    let lines: Vec<String> = lines.iter().filter(known).cloned().collect();
    assert!(lines.len() > 1000, "only {} lines", lines.len());
    let lines = &lines;
    let answers = reprinted(erl, lines);
    assert_eq!(answers.len(), lines.len());
    let differ = answers
        .iter()
        .zip(lines)
        .filter(|(theirs, ours)| theirs != ours);
    let differ: Vec<_> = differ.take(10).collect();
    assert!(
        differ.is_empty(),
        "erl prints what stands left:\n{differ:#?}"
    );
}

/// Literals without `-0.0`, which OTP 26 and earlier take for `0.0`.
fn literals(count: usize) -> Vec<Term> {
    let mut terms = sample(count, terms::literal());
    terms.retain(|term| !term.to_string().contains("-0.0"));
    terms
}

#[test]
fn terms_print_as_in_the_shell() {
    let lines: Vec<_> = literals(3000).iter().map(Term::to_string).collect();
    assert_prints_alike(erl(), &lines);
}

#[test]
fn terms_print_as_in_a_shell_that_prints_all_of_unicode() {
    let erl = Erl::options().args(&["+pc", "unicode"]).start_blocking();
    let print = |term: &Term| format!("{term:#}");
    let lines: Vec<_> = literals(3000).iter().map(print).collect();
    assert_prints_alike(&erl, &lines);
}

#[test]
fn floats_print_as_in_the_shell() {
    let floats = sample(5000, terms::float());
    let lines: Vec<_> = floats
        .into_iter()
        .map(|f| Term::from(f).to_string())
        .collect();
    assert_prints_alike(erl(), &lines);
}

/// Sorts by Erlang's order in both languages. Both sorts are stable, so that terms that compare equal must be the same
/// ones in both.
#[test]
fn terms_sort_as_in_erlang() {
    let mut terms = literals(1500);
    terms.extend(sample(1500, terms::number()));
    let lines: Vec<_> = terms.iter().map(Term::to_string).collect();
    let expression = r#"
        Terms = [begin {ok, Term} = Read(Line), Term end || Line <- Lines],
        Numbered = lists:zip(Terms, lists:seq(0, length(Terms) - 1)),
        [[integer_to_list(Index), $\n] || {_, Index} <- lists:keysort(1, Numbered)]
    "#;
    let theirs = ask(erl(), expression, &lines);
    let mut ours: Vec<_> = (0..terms.len()).collect();
    ours.sort_by(|a, b| terms[*a].erl_cmp(&terms[*b]));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let theirs: usize = theirs.parse().expect("an index");
        assert_eq!(ours, &theirs, "{} or {}", terms[*ours], terms[theirs]);
    }
    assert_eq!(ours.len(), theirs.len());
}

/// `<`, `==` and `=:=` of all pairs.
#[test]
fn pairs_compare_as_in_erlang() {
    let mut terms = literals(60);
    terms.extend(sample(120, terms::number()));
    terms.retain(|term| term != &Term::from(-0.0));
    let lines: Vec<_> = terms.iter().map(Term::to_string).collect();
    let read = "Terms = [begin {ok, Term} = Read(Line), Term end || Line <- Lines]";
    let theirs = ask(erl(), &format!("{read}, {COMPARE}"), &lines);
    assert_compare_alike(&terms, &theirs.join("\n"));
}

const COMPARE: &str = r#"
    [if A =:= B -> "identical\n"; A == B -> "equal\n"; A < B -> "less\n"; true -> "greater\n" end
        || A <- Terms, B <- Terms]
"#;

fn assert_compare_alike(terms: &[Term], theirs: &str) {
    let theirs: Vec<_> = theirs.lines().collect();
    assert_eq!(theirs.len(), terms.len() * terms.len());
    let pairs = terms.iter().flat_map(|a| terms.iter().map(move |b| (a, b)));
    let compare = |a: &Term, b: &Term| match a.erl_cmp(b) {
        Ordering::Equal if a == b => "identical",
        Ordering::Equal => "equal",
        Ordering::Less => "less",
        Ordering::Greater => "greater",
    };
    let differ = pairs
        .zip(theirs)
        .filter(|((a, b), theirs)| compare(a, b) != *theirs);
    let differ: Vec<_> = differ.take(10).collect();
    assert!(
        differ.is_empty(),
        "erl says what stands right:\n{differ:#?}"
    );
}

/// Whether its bytes look like a port of 64 bits, or a reference of more than three words, which came with OTP 24.
fn may_be_of_otp_24(term: &Term) -> bool {
    let bytes = to_bytes(term).expect("a term that has an encoding");
    bytes.contains(&120)
        || bytes
            .windows(3)
            .any(|tag| matches!(tag, [90, 0, words] if *words > 3))
}

/// The same for terms without a literal form, which `erl` gets as bytes.
#[test]
fn identifiers_and_closures_compare_as_in_erlang() {
    let identifiers = vec![
        terms::pid().prop_map(Term::Pid).boxed(),
        terms::port().prop_map(Term::Port).boxed(),
        terms::reference().prop_map(Term::from).boxed(),
        terms::any_without_records(),
    ];
    let mut terms: Vec<_> = identifiers
        .into_iter()
        .flat_map(|kind| sample(50, kind))
        .collect();
    terms.retain(|term| !term.to_string().contains("-0.0"));
    let release = erl().release();
    let module = Atom::new("m");
    let pid = |id| Pid {
        node: Atom::new("a@h"),
        id,
        serial: 0,
        creation: 1,
    };
    let words = |words: &[u32]| Term::from(Ref::new(module, 1, words).expect("some words"));
    terms.extend([
        words(&[1, 2]),
        words(&[1, 2, 0]),
        words(&[1, 2, 0, 0, 0]),
        words(&[1, 2, 3]),
    ]);
    for (index, old_uniq, creator, free) in [
        (1, 5, 7, vec![]),
        (1, 5, 8, vec![]),
        (1, 4, 7, vec![Term::from(1)]),
        (1, 5, 7, vec![Term::from(1)]),
        (1, 5, 7, vec![Term::from(1.0)]),
        (1, 5, 7, vec![Term::from(1), Term::from(0)]),
        (2, 3, 7, vec![]),
    ] {
        // OTP 29 orders closures of one module by what other releases take for the same.
        if release >= 29 && old_uniq == 4 {
            continue;
        }
        let code = Some(FunCode {
            arity: 1,
            uniq: [7; 16],
            index,
        });
        let creator = pid(creator);
        let fun = LocalFun {
            module,
            old_index: i64::from(index),
            old_uniq,
            creator,
            free,
            code,
        };
        terms.push(Term::Fun(Fun::local(fun)));
    }
    terms.retain(|term| release >= 24 || !may_be_of_otp_24(term));
    let bytes = to_bytes(&Term::list(terms.iter().cloned())).expect("terms that have an encoding");
    let expression = format!("Terms = binary_to_term(Bytes), {COMPARE}.");
    let theirs = erl().eval_bytes_blocking(&expression, &[("Bytes", &bytes)]);
    assert_compare_alike(&terms, &String::from_utf8_lossy(&theirs));
}

/// What an Erlang person may write for a term, and what is none.
const WRITTEN: &[&str] = &[
    "{ok, 16#ff}",
    " [ 1 , 2|[ 3 ] ] ",
    "[a|b]",
    "[|b]",
    "[a,]",
    "{a,}",
    "{}",
    "{ }",
    "[]",
    "#{}",
    "# { }",
    "<<>>",
    "<< >>",
    "#{a => 1, a => 2}",
    "#{a := 1}",
    "#{a => 1,}",
    "#{1 => a, 1.0 => b}",
    "a b",
    "a.b",
    "a@b",
    "é",
    "λ",
    "X",
    "_",
    "_a",
    "aB_9",
    "'a b'",
    "'it\\'s'",
    "'a''b'",
    "'\\x{3bb}'",
    "'\\400'",
    "''",
    "end",
    "'end'",
    "fun",
    "funny",
    "true",
    "1_000",
    "1_",
    "1__0",
    "_1",
    "16#f_f",
    "16#FF",
    "2#101",
    "36#zZ",
    "37#1",
    "1#0",
    "16#",
    "16#g",
    "2#2",
    "- 5",
    "-5",
    "+5",
    "--5",
    "-a",
    "123456789012345678901234567890",
    "-16#123456789abcdef0123456789",
    "36#abcdefghijklmnopqrstuvwxyz",
    "1.0",
    "1.5e3",
    "1.5E+3",
    "1.5e-3",
    "1.e5",
    "1e5",
    ".5",
    "1.0_1",
    "1.0e1_0",
    "1 .5",
    "-1.5",
    "1.0e400",
    "-0.0",
    "0.1e1",
    "$a",
    "$ ",
    "$\\n",
    "$\\s",
    "$\\x41",
    "$\\x{41}",
    "$\\101",
    "$\\^a",
    "$\\q",
    "-$a",
    "$'",
    "$\\\\",
    "\"\"",
    "\"abc\"",
    "\"a\" \"b\"",
    "\"\\\"\\\\\\n\\t\\e\\d\\0\\12\\1234\"",
    "\"\\x{110000}\"",
    "\"\\xzz\"",
    "\"a",
    "\"\\",
    "\"é日\"",
    "\"\\^A\\^z\\^[\"",
    "\"\u{a0}\"",
    "<<1,2,3>>",
    "<<300>>",
    "<<-1>>",
    "<<+1>>",
    "<<\"abc\">>",
    "<<\"é\">>",
    "<<\"é\"/utf8>>",
    "<<\"日\">>",
    "<<\"日\"/utf16>>",
    "<<\"ab\":16>>",
    "<<\"ab\":4>>",
    "<<1:3>>",
    "<<1:0>>",
    "<<\"\">>",
    "<<1:16/little>>",
    "<<1:20/little>>",
    "<<-2:12>>",
    "<<-2:12/little>>",
    "<<255:3, 1:7, 0:6>>",
    "<<1:3, 1:13, 1:8>>",
    "<<16#123456789abcdef0123456789:100>>",
    "<<-16#123456789abcdef0123456789:101/little>>",
    "<<1.5>>",
    "<<1.5/float>>",
    "<<1.5:32/float>>",
    "<<1.5:32/float-little>>",
    "<<1/float>>",
    "<<1.5:7/float>>",
    "<<8364/utf8>>",
    "<<8364/utf16>>",
    "<<8364/utf16-little>>",
    "<<8364/utf32>>",
    "<<128512/utf16>>",
    "<<55296/utf8>>",
    "<<1114112/utf32>>",
    "<<1:4/utf8>>",
    "<<1:2/unit:4>>",
    "<<1/integer-signed>>",
    "<<1/unsigned-big>>",
    "<<$a>>",
    "<<$a:4>>",
    "<<a>>",
    "<<1,>>",
    "<<,>>",
    "<<1",
    "<<1>",
    "<<\"ab\"/little-utf16>>",
    "<<\"ab\"/float>>",
    "<<\"a\"/binary>>",
    "<<1/nonsense>>",
    "<< 1 : 4 , \"a\" >>",
    "fun a:b/1",
    "fun 'A':'b c'/0",
    "fun a:b",
    "fun a:b/c",
    "fun a:b/255",
    "fun ( ) -> ok end",
    "{a,[b|#{c => <<\"d\">>}]}",
    "{a % comment\r, b}",
    "a % comment",
    "",
    "{",
    "[",
    "#",
    "#{a",
    "#{a => ",
    "<",
    "%",
];

#[test]
fn text_reads_as_in_erlang() {
    let mut lines: Vec<_> = WRITTEN.iter().map(|text| (*text).to_owned()).collect();
    lines.retain(|line| prints_as_ours(line, erl().release()));
    let theirs = reprinted(erl(), &lines);
    assert_eq!(theirs.len(), lines.len());
    let read = |line: &String| match line.parse::<Term>() {
        Ok(term) => term.to_string(),
        Err(_) => String::from("error"),
    };
    let all = lines.iter().map(|line| (line, read(line))).zip(&theirs);
    let differ: Vec<_> = all.filter(|((_, ours), theirs)| ours != *theirs).collect();
    assert!(differ.is_empty(), "line, ours, theirs:\n{differ:#?}");
}
