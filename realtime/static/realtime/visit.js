// The patient's page of a visit: draws what the socket tells, and asks every few seconds where there is none.
const told = JSON.parse(document.getElementById("told").textContent);
const element = (name) => document.getElementById(name);
const POLL = 5000, SAID = {
  planned: "Your visit is planned. Your clinician is not on the way yet.",
  under_way: "Your clinician is on the way.",
  arrived: "Your clinician has arrived.",
  done: "The visit is over.",
};
let { status, position, destination } = told.state;
let pause = 1000, socket = null, polling = null;

function metres(from, to) {
  const north = (to.lat - from.lat) * 111_320;
  return { north, east: (to.lng - from.lng) * 111_320 * Math.cos((from.lat * Math.PI) / 180) };
}

function draw() {
  element("said").textContent = status === "under_way" && position?.eta
    ? `Your clinician is on the way: about ${position.eta}.` : SAID[status];
  element("seen").textContent = position && status !== "done"
    ? `Last seen at ${new Date(position.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.` : "";
  const here = element("here"), home = element("home");
  here.toggleAttribute("hidden", !position);
  home.toggleAttribute("hidden", !destination);
  if (!position) return;
  const middle = destination ?? position;
  const { north, east } = metres(middle, position);
  const reach = Math.max(250, 250 * 2 ** Math.ceil(Math.log2(Math.max(1, Math.hypot(north, east)) / 250)));
  here.setAttribute("cx", (east / reach) * 90);
  here.setAttribute("cy", (-north / reach) * 90);
  element("scale").textContent = `outer ring: ${reach < 1000 ? `${reach} m` : `${reach / 1000} km`}`;
  tiles(middle, reach);
}

// Only where the practice's operators have set an address of tiles; else nothing is loaded from anywhere.
function tiles(middle, reach) {
  if (!told.tiles) return;
  const across = 40_075_017 * Math.cos((middle.lat * Math.PI) / 180);
  const zoom = Math.max(1, Math.min(17, Math.floor(Math.log2(across / (reach * 2)))));
  const size = ((across / 2 ** zoom) / reach) * 90, sine = Math.sin((middle.lat * Math.PI) / 180);
  const x = ((middle.lng + 180) / 360) * 2 ** zoom;
  const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** zoom;
  element("tiles").replaceChildren(...[-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => {
    const image = document.createElementNS("http://www.w3.org/2000/svg", "image");
    const [column, row] = [Math.floor(x) + right, Math.floor(y) + down];
    image.setAttribute("href", told.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row));
    for (const [name, value] of Object.entries({ x: (column - x) * size, y: (row - y) * size, width: size, height: size })) {
      image.setAttribute(name, value);
    }
    return image;
  })));
}

async function ask() {
  try {
    const answer = await fetch(`${location.pathname.replace(/\/$/, "")}/state`);
    if (answer.status === 404) { status = "done"; position = null; } else if (answer.ok) {
      ({ status, position, destination } = await answer.json());
    }
    draw();
  } catch { /* asked again soon */ }
}

function open() {
  socket = new WebSocket(told.live, ["mybcat.v1", `visit.${told.token}`]);
  socket.onmessage = ({ data }) => {
    pause = 1000;
    clearInterval(polling);
    polling = null;
    element("link").textContent = "";
    const frame = JSON.parse(data);
    if (frame.type === "practitioner_location") position = frame;
    if (frame.type === "visit_status") status = frame.status;
    draw();
  };
  socket.onclose = ({ code }) => {
    if (status === "done" || code === 4401 || code === 4403) return void ask();
    polling ??= setInterval(ask, POLL);
    element("link").textContent = "Updates may be a few seconds late.";
    setTimeout(open, pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, 30_000);
  };
}

draw();
if (status !== "done") open();
