# What do the messages of broken-framing look like when nobody errs? The same pieces and clusters, read as the frames they are.
source "$RECORD/framing/framing.sh"
record_framing frames none
