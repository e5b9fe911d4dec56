# What do gRPC calls look like that are never answered? The deadline of one second cancels each; the connections live on.
source "$RECORD/grpc/grpc.sh"
record_grpc 80
