#!/bin/sh
# npm run rehearse: sets up first, but not for what only ends, asks or explains.
case " $* " in
  *' --down '* | *' --list '* | *' --print-env '* | *' --help '* | *' -h '*) ;;
  *) node cli/setup/main.mjs --for rehearse || exit ;;
esac
# The set-up may have brought another Node.
hash -r
exec node cli/bin/fargate-ctl.js rehearse "$@"
