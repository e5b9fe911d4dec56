# What does the service of dead-upstream look like when nothing vanishes? The same programs and load, each price is answered.
source "$RECORD/upstream/upstream.sh"
open_upstream
close_upstream
