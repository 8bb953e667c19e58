#!/bin/sh
# rustc as cargo calls it (RUSTC_WRAPPER): coverage feedback for settle, the targets and the XML parser below it, and
# for nothing else, so that the other dependencies are those of the ordinary build. The flags are what cargo-fuzz
# passes, less two: a sanitizer, which only a nightly compiler has (settle forbids unsafe code, so there is little to
# find), and the tracing of comparisons, which took half of the time and whose place the dictionaries take.
case " $* " in
*" --crate-name settle "* | *"--crate-name settle_fuzz "* | *" targets/"* | *" --crate-name quick_xml "*)
  exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Clink-arg=-Wl,--strip-debug
  ;;
*) exec "$@" ;;
esac
