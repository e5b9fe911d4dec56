# What does the service of grpc-unanswered look like when it forgets nothing? The same calls, each answered, some with an error.
source "$RECORD/grpc/grpc.sh"
record_grpc never
