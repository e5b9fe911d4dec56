# Who is at the far end of the path? A catalogue: every page is the same 8 kB of text, answered at once.
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

address, port, journal = sys.argv[1:]
log = open_journal(journal)
PAGE = b"".join(b"%04d a line of the catalogue, sixty-four bytes long as they all\n" % n for n in range(128))


class Catalogue(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and page leave in one write.
    wbufsize = -1

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)
        self.wfile.flush()
        log("answered", port=self.client_address[1], target=self.path)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


Server((address, int(port)), Catalogue).serve_forever()
