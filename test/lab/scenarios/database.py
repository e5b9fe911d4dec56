"""MariaDB with its command line client: short connections, and idle ones that wait_timeout ends (with RST, not FIN)."""
LASTS_S = 20


def prepare(lab):
    data = f"{lab.work}/data"
    lab.server.run("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root",
                   "--auth-root-authentication-method=normal", "--skip-test-db")
    lab.server.start("mariadbd", "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={data}/db.sock",
                     f"--pid-file={data}/db.pid", "--bind-address=127.0.0.1", "--port=3306", "--skip-name-resolve",
                     "--innodb-buffer-pool-size=16M", "--wait-timeout=2", "--interactive-timeout=2")
    lab.server.wait_listening(3306)


def run(lab):
    def client(statement, **options):
        arguments = ["mariadb", "--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-u", "root", "-e", statement]
        return lab.client.run(*arguments, **options)

    for _ in range(10):
        client("select 1")
        lab.rest(0.1)
    # Idle for longer than wait_timeout: the client sleeps by itself, then finds its connection gone.
    idle = [lab.client.start(f"idle-{n}", "sh", "-c",
                             "(echo 'select 1;'; sleep 4; echo 'select 2;') | mariadb --no-defaults --protocol=tcp "
                             "-h 127.0.0.1 -u root --skip-reconnect") for n in range(3)]
    for process in idle:
        process.wait()
    lab.rest(1.5)
