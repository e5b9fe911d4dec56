# What is in the fresh RT, and who serves it? Run by request-tracker.sh.
use strict;
use warnings;
use lib "/usr/share/request-tracker5/lib";
use IO::Socket::INET;
use JSON ();
use POSIX qw(WNOHANG);

my ($work, $port) = @ARGV;
$| = 1;
require RT;
RT->LoadConfig();
RT->InitPluginPaths();
RT->InitLogging();
RT->Init(Heavy => 1);
require RT::AuthToken;

sub user {
    my ($name, @rights) = @_;
    my $user = RT::User->new(RT->SystemUser);
    my ($id, $message) = $user->Create(
        Name => $name, EmailAddress => "$name\@example.com", RealName => ucfirst($name) . " Example",
        Password => "made-up-$name", Privileged => 1,
    );
    die $message unless $id;
    $user->PrincipalObj->GrantRight(Right => $_, Object => RT->System) for @rights;
    my $current = RT::CurrentUser->new(RT->SystemUser);
    $current->Load($name);
    my $token = RT::AuthToken->new(RT->SystemUser);
    my ($ok, $why, $text) = $token->Create(Owner => $id, Description => "test");
    die $why unless $ok;
    return $text;
}

my @work = qw(SeeQueue ShowTicket ShowTicketComments CommentOnTicket ReplyToTicket CreateTicket ModifyTicket ShowOutgoingEmail ManageAuthTokens);
my $token = user("ada", @work);
my $reader = user("bo", qw(SeeQueue ShowTicket));
my $blind = user("cy", qw(SeeQueue ShowTicket CommentOnTicket));

my $ticket = RT::Ticket->new(RT->SystemUser);
my ($id, undef, $message) = $ticket->Create(
    Queue => "General", Subject => "The shop does not answer", Requestor => ["customer\@example.com"],
    AdminCc => ["watcher\@example.com"],
);
die $message unless $id;

if ($RT::Handle) {
    $RT::Handle->dbh->disconnect if $RT::Handle->dbh;
    $RT::Handle->dbh(undef);
    undef $RT::Handle;
}

my $server = fork();
die "fork: $!" unless defined $server;
if ($server == 0) {
    close STDIN;
    open STDOUT, ">&", \*STDERR;
    require RT::PlackRunner;
    my $runner = RT::PlackRunner->new(server => "Standalone", env => "deployment");
    $runner->parse_options("--host", "127.0.0.1", "--port", $port);
    $SIG{PIPE} = "IGNORE";
    $runner->run;
    exit 0;
}
my $end = sub { kill "KILL", $server; waitpid $server, 0; exit shift };
$SIG{TERM} = $SIG{INT} = sub { $end->(0) };
my $tries = 600;
until (IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port)) {
    $end->(1) if $tries-- == 0 || waitpid($server, WNOHANG) == $server;
    select undef, undef, undef, 0.1;
}
print JSON->new->encode({
    url => "http://127.0.0.1:$port", token => $token, user => "ada", password => "made-up-ada", reader_token => $reader,
    blind_token => $blind,
    ticket => $id, mail => "$work/var", version => $RT::VERSION,
}), "\n";
# When whoever started this is gone, so is the server.
1 while <STDIN>;
$end->(0);
