"""A Node client with a keep-alive agent against nginx, which ends idle connections after two seconds."""
LASTS_S = 14

CLIENT = """
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const get = () => new Promise((done) => http.get({ agent, host: "127.0.0.1", port: 8080, path: "/" }, (r) => r.resume().on("end", done)).on("error", done));
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
  for (let n = 0; n < 20; n++) { await Promise.all([get(), get(), get(), get(), get()]); await rest(100); }
  await rest(3000);
  for (let n = 0; n < 5; n++) { await get(); await rest(300); }
  agent.destroy();
  await rest(500);
})();
"""


def prepare(lab):
    lab.nginx(keepalive="2s")


def run(lab):
    lab.client.run("node", "-e", CLIENT)
    lab.rest(2)
