# How does a program talk to MariaDB without noticing that the server has gone? By MariaDB's own C library, through ctypes.
#
# libmariadb blocks, and looks at its socket only when it sends or waits for an answer, as most drivers of pools do.
import ctypes

library = ctypes.CDLL("libmariadb.so.3")
POINTER, TEXT, NUMBER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint
for name, result, arguments in [
    ("mysql_init", POINTER, [POINTER]),
    ("mysql_real_connect", POINTER, [POINTER, TEXT, TEXT, TEXT, TEXT, NUMBER, TEXT, ctypes.c_ulong]),
    ("mysql_query", ctypes.c_int, [POINTER, TEXT]),
    ("mysql_store_result", POINTER, [POINTER]),
    ("mysql_free_result", None, [POINTER]),
    ("mysql_errno", NUMBER, [POINTER]),
    ("mysql_error", TEXT, [POINTER]),
    ("mysql_get_socket", ctypes.c_int, [POINTER]),
    ("mysql_close", None, [POINTER]),
]:
    getattr(library, name).restype = result
    getattr(library, name).argtypes = arguments


class Failed(Exception):
    """2013: lost connection during query; 2006: server has gone away."""

    def __init__(self, number, text):
        super().__init__(text)
        self.number = number


class Connection:
    def __init__(self, host, port, user, password):
        self.handle = library.mysql_init(None)
        if not library.mysql_real_connect(self.handle, host.encode(), user.encode(), password.encode(), None, port, None, 0):
            raise self.failure()

    def query(self, text):
        if library.mysql_query(self.handle, text.encode()) != 0:
            raise self.failure()
        library.mysql_free_result(library.mysql_store_result(self.handle))

    def fileno(self):
        return library.mysql_get_socket(self.handle)

    def close(self):
        """COM_QUIT and FIN; nothing goes out when the library has noticed that the connection is broken."""
        library.mysql_close(self.handle)

    def failure(self):
        return Failed(library.mysql_errno(self.handle), library.mysql_error(self.handle).decode())
