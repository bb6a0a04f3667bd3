// The surface in 3-D, in the map's place: the heights that the map's contours show, in the map's colours, with the
// paths on them. Three.js draws it, and is given. It moves only when it is turned, or when what it shows does.

import { brief } from "./numbers.js";
import { frame } from "./canvas.js";
import { drawLand, shapes } from "./ground.js";
import { lifted, POINTS } from "./landscape.js";
import { head, outline } from "./shapes.js";
import { progress } from "./words.js";

const [TALL, LIFT, THICK] = [0.75, 0.008, 0.008]; // where the window is from −1 to 1
const PIECE = 0.04; // a path lies on the surface in pieces of this length at most
const SKIN = 1024; // pixels
const VIEW = 32; // degrees, of the camera
const SEEN = { turn: 30, tilt: 40, far: 1 };
const KEYS = {
  ArrowLeft: { turn: -10 },
  ArrowRight: { turn: 10 },
  ArrowUp: { tilt: 5 },
  ArrowDown: { tilt: -5 },
  "+": { far: 1 / 1.15 },
  "=": { far: 1 / 1.15 },
  "-": { far: 1.15 },
  0: null, // as it was
};
export const BUTTONS = [
  ["ArrowLeft", "◀", "Turn left"],
  ["ArrowRight", "▶", "Turn right"],
  ["ArrowUp", "▲", "Look from higher"],
  ["ArrowDown", "▼", "Look from lower"],
  ["+", "+", "Closer"],
  ["-", "−", "Farther"],
  ["0", "Reset", "Look as at first"],
];
export const WITHOUT = "This browser has no WebGL, which draws in 3-D. The map shows the same surface and paths.";
export const FLAT = "With one coordinate the curve is all there is: there is nothing to turn.";
export const TURN = "Drag it, or use its buttons or the arrow keys, to turn it; the start is moved on the map.";

// Whether there is anything to draw with; asked before a library is loaded for it.
export const drawable = () => !!document.createElement("canvas").getContext("webgl2");

// What the height is, in words.
export const meaning = ({ root, coords }) =>
  `Height is ${root ? `the fourth root of f(${coords.join(", ")}) above its lowest, as for the map's contours: it shows the floor of a valley and its walls at once` : `f(${coords.join(", ")}) itself`}.`;

const limited = (v, low, high) => Math.max(low, Math.min(high, v));

// Where one looks from, after a turn by so many degrees, a tilt by so many, a distance times so much.
export function turned(seen, { turn = 0, tilt = 0, far = 1 }) {
  return {
    turn: (((seen.turn + turn) % 360) + 360) % 360,
    tilt: limited(seen.tilt + tilt, 5, 90),
    far: limited(seen.far * far, 0.3, 2.5),
  };
}

// A landscape's place in space: x to the right, z towards the reader, y up. `at(x, y)` is on it, null where it has no
// height or ends.
export function ground(meta) {
  const { shown, highest } = lifted(meta);
  const [[x0, x1], [y0, y1]] = meta.window;
  const tall = (f) => (highest ? (TALL * f) / highest : 0);
  const spot = (i, j) => [
    (2 * i) / (POINTS - 1) - 1,
    tall(shown[j * POINTS + i]),
    meta.aspect * (1 - (2 * j) / (POINTS - 1)),
  ];
  const at = (x, y) => {
    const [u, v] = [((x - x0) / (x1 - x0)) * (POINTS - 1), ((y - y0) / (y1 - y0)) * (POINTS - 1)];
    if (!(u >= 0 && v >= 0 && u <= POINTS - 1 && v <= POINTS - 1)) return null;
    const [i, j] = [u, v].map((c) => Math.min(Math.floor(c), POINTS - 2));
    const [a, b] = [u - i, v - j];
    const f = (k) => shown[j * POINTS + i + k];
    const height = (1 - b) * ((1 - a) * f(0) + a * f(1)) + b * ((1 - a) * f(POINTS) + a * f(POINTS + 1));
    return Number.isFinite(height)
      ? [(2 * u) / (POINTS - 1) - 1, tall(height), meta.aspect * (1 - (2 * v) / (POINTS - 1))]
      : null;
  };
  return { spot, at };
}

// A path's pieces on the ground, { from, to, until }: two places, and the step at which the piece has been walked.
export function laid({ theta: [xs, ys], last }, { at }, [[x0, x1], [y0, y1]], aspect) {
  const found = [];
  for (let k = 0; k < last; k++) {
    const [dx, dy] = [xs[k + 1] - xs[k], ys[k + 1] - ys[k]];
    const length = Math.hypot((2 * dx) / (x1 - x0), (2 * aspect * dy) / (y1 - y0));
    if (!(length > 1e-6)) continue;
    const n = Math.min(Math.ceil(length / PIECE), 100);
    let from = at(xs[k], ys[k]);
    for (let i = 1; i <= n; i++) {
      const to = at(xs[k] + (i / n) * dx, ys[k] + (i / n) * dy);
      if (from && to) found.push({ from, to, until: k + i / n });
      from = to;
    }
  }
  return found;
}

// The surface's edge, the window's below it, and the posts at the corners: pairs of places.
function outlines({ spot }) {
  const found = [];
  const far = POINTS - 1;
  const sides = [(k) => [k, 0], (k) => [far, k], (k) => [far - k, far], (k) => [0, far - k]];
  for (const side of sides) {
    const edge = Array.from({ length: POINTS }, (_, k) => spot(...side(k)));
    const floor = [edge[0], edge.at(-1)].map(([x, , z]) => [x, 0, z]);
    found.push(floor, [floor[0], edge[0]], ...edge.slice(1).map((place, k) => [edge[k], place]));
  }
  return found.filter((ends) => ends.flat().every(Number.isFinite));
}

// A relief in an element; `show` has it draw what the player has on screen, `end` takes it away.
export function relief(THREE) {
  const root = document.createElement("div");
  root.className = "relief";
  root.innerHTML = `<canvas role="img" tabindex="0" aria-description="The arrow keys turn and tilt it, + and − come closer and go farther, 0 goes back."></canvas>
    <div class="buttons" role="group" aria-label="Turn the surface">${BUTTONS.map(([key, text, name]) => `<button type="button" data-key="${key}" aria-label="${name}" title="${name}">${text}</button>`).join("")}</div>
    <p class="unseen" role="status"></p>`;
  const canvas = root.querySelector("canvas");
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
  const scene = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(VIEW, 1, 0.1, 50);
  const light = new THREE.DirectionalLight(0xffffff, 1.8);
  scene.add(new THREE.AmbientLight(0xffffff, 1.35), light);
  const skin = new THREE.CanvasTexture(Object.assign(document.createElement("canvas"), { width: SKIN, height: SKIN }));
  skin.colorSpace = THREE.SRGBColorSpace;
  skin.anisotropy = 8;
  const mesh = new THREE.Mesh(
    new THREE.BufferGeometry(),
    new THREE.MeshLambertMaterial({ map: skin, side: THREE.DoubleSide }),
  );
  const edges = new THREE.LineSegments(new THREE.BufferGeometry(), new THREE.LineBasicMaterial());
  scene.add(mesh, edges);
  const tube = new THREE.CylinderGeometry(1, 1, 1, 6, 1, true);
  const sprites = new Map(); // by what they look like
  const paths = new Map();
  let [seen, shown, land, moving] = [SEEN, null, null, []];

  // The surface, and its colours.
  function build({ meta, land: of }) {
    land = { of, ...ground(meta) };
    const [position, uv, index] = [[], [], []];
    for (let j = 0; j < POINTS; j++)
      for (let i = 0; i < POINTS; i++) {
        const [x, y, z] = land.spot(i, j);
        position.push(x, Number.isFinite(y) ? y : 0, z);
        uv.push(i / (POINTS - 1), j / (POINTS - 1));
        const cell = [0, 1, POINTS + 1, POINTS].map((k) => j * POINTS + i + k);
        const whole = [
          [i, j],
          [i + 1, j],
          [i + 1, j + 1],
          [i, j + 1],
        ].every(([a, b]) => Number.isFinite(land.spot(a, b)[1]));
        if (i + 1 < POINTS && j + 1 < POINTS && whole) index.push(cell[0], cell[1], cell[2], cell[0], cell[2], cell[3]);
      }
    mesh.geometry.dispose();
    mesh.geometry = new THREE.BufferGeometry();
    mesh.geometry.setAttribute("position", new THREE.Float32BufferAttribute(position, 3));
    mesh.geometry.setAttribute("uv", new THREE.Float32BufferAttribute(uv, 2));
    mesh.geometry.setIndex(index);
    mesh.geometry.computeVertexNormals();
    edges.geometry.dispose();
    edges.geometry = new THREE.BufferGeometry();
    edges.geometry.setAttribute("position", new THREE.Float32BufferAttribute(outlines(land).flat(2), 3));
  }
  function dye({ meta, colors, land: drawn }) {
    const g = skin.image.getContext("2d");
    g.fillStyle = colors.bg;
    g.fillRect(0, 0, SKIN, SKIN);
    const whole = frame({ left: 0, top: 0, width: SKIN, height: SKIN }, ...meta.window);
    drawLand(g, { ...whole, zoom: 1 }, shapes(drawn), meta, { ...colors, em: 1.6 });
    skin.needsUpdate = true;
    edges.material.color.set(colors.muted);
  }

  // A path: as much of it as has been walked.
  function lay(run, { meta, state, colors }, pinned) {
    const key = `${run.index}${pinned ? " kept" : ""}`;
    let path = paths.get(key);
    if (path?.run !== run) {
      drop(key);
      const parts = laid(run, land, meta.window, meta.aspect);
      const made = new THREE.InstancedMesh(
        tube,
        new THREE.MeshBasicMaterial({ transparent: true }),
        Math.max(1, parts.length),
      );
      const [a, b, up, matrix, turn] = [
        new THREE.Vector3(),
        new THREE.Vector3(),
        new THREE.Vector3(0, 1, 0),
        new THREE.Matrix4(),
        new THREE.Quaternion(),
      ];
      const thick = THICK * (pinned ? 0.6 : 1);
      parts.forEach(({ from, to }, i) => {
        a.set(...from).setY(from[1] + LIFT);
        b.set(...to)
          .setY(to[1] + LIFT)
          .sub(a);
        const size = new THREE.Vector3(thick, b.length() * 1.1, thick);
        a.addScaledVector(b, 0.5);
        made.setMatrixAt(i, matrix.compose(a, turn.setFromUnitVectors(up, b.normalize()), size));
      });
      made.frustumCulled = false;
      scene.add(made);
      paths.set(key, (path = { run, parts, made }));
    }
    path.made.count = path.parts.findLastIndex(({ until }) => until <= state.step) + 1;
    path.made.material.color.set(colors.of(run.series.color));
    path.made.material.opacity = state.only === null || state.only === run.index ? 1 : 0.15;
    return key;
  }
  function drop(key) {
    const path = paths.get(key);
    if (!path) return;
    scene.remove(path.made);
    path.made.material.dispose();
    path.made.dispose();
    paths.delete(key);
  }

  // A mark, as large on the screen from everywhere: drawn on a canvas of 64 pixels, once.
  function mark(place, size, name, draw, hides = false) {
    if (!place) return;
    if (!sprites.has(name)) {
      const picture = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
      draw(picture.getContext("2d"));
      const map = new THREE.CanvasTexture(picture);
      map.colorSpace = THREE.SRGBColorSpace;
      sprites.set(name, new THREE.SpriteMaterial({ map, sizeAttenuation: false, depthTest: hides, transparent: true }));
    }
    const sprite = new THREE.Sprite(sprites.get(name));
    const angle = (size * 2 * Math.tan((VIEW * Math.PI) / 360)) / canvas.clientHeight;
    sprite.scale.set(angle, angle, 1);
    sprite.position.set(...place);
    sprite.renderOrder = 1;
    moving.push(sprite);
    scene.add(sprite);
  }
  function text(place, words, { fg, bg, font }) {
    mark(
      place,
      44,
      `${words} ${fg}`,
      (g) => {
        Object.assign(g, { font: `20px ${font}`, textAlign: "center", textBaseline: "middle", fillStyle: fg });
        Object.assign(g, { strokeStyle: bg, lineWidth: 6, lineJoin: "round" });
        g.strokeText(words, 32, 32);
        g.fillText(words, 32, 32);
      },
      true,
    );
  }
  function marks({ meta, state, colors }) {
    scene.remove(...moving);
    moving = [];
    const { em } = colors;
    const large = { ...colors, em: 3 };
    for (const [kind, shape] of [
      ["minima", "*"],
      ["saddles", "x"],
    ])
      for (const point of meta.marks[kind])
        mark(land.at(...point), 22 * em, `${kind} ${colors.fg} ${colors.bg}`, (g) =>
          head(g, outline(shape, 32, 32, 18), { color: colors.fg }, { ...large, of: (color) => color }),
        );
    if (state.live)
      mark(land.at(...state.start), 26 * em, `start ${colors.fg} ${colors.bg}`, (g) => {
        for (const [strokeStyle, lineWidth] of [
          [colors.bg, 10],
          [colors.fg, 4.5],
        ])
          (Object.assign(g, { strokeStyle, lineWidth }), g.beginPath(), g.arc(32, 32, 24, 0, 7), g.stroke());
      });
    for (const [run, hollow] of [
      ...state.pinned().map((run) => [run, true]),
      ...state.shown().map((run) => [run, false]),
    ]) {
      const k = Math.min(Math.floor(state.step), run.last);
      const part = Math.min(state.step, run.last) - k;
      const here = run.theta.map((values) => values[k] + (part ? part * (values[k + 1] - values[k]) : 0));
      mark(
        land.at(...here),
        18 * em,
        `${run.series.marker} ${colors.of(run.series.color)} ${hollow} ${colors.bg}`,
        (g) => head(g, outline(run.series.marker, 32, 32, 20), run.series, large, hollow),
      );
    }
    // The window's ends, on the sides that are towards the reader.
    const [[x0, x1], [y0, y1]] = meta.window;
    const deep = meta.aspect;
    const [side, front] = [
      1.12 * (seen.turn < 180 ? -1 : 1),
      (deep + 0.12) * (Math.abs(seen.turn - 180) > 90 ? 1 : -1),
    ];
    const across = [brief(x0), meta.coords[0], brief(x1)];
    const up = [brief(y0), meta.coords[1], brief(y1)];
    across.forEach((words, i) => text([0.86 * (i - 1), 0, front], words, colors));
    up.forEach((words, i) => text([side, 0, 0.86 * deep * (1 - i)], words, colors));
  }

  // The picture.
  function draw() {
    if (!shown || !canvas.clientWidth) return;
    marks(shown);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    const [turn, tilt] = [seen.turn, Math.min(seen.tilt, 89.9)].map((v) => (v * Math.PI) / 180);
    const far = (seen.far * 5.1) / Math.min(1, camera.aspect);
    const away = far * Math.cos(tilt);
    camera.position.set(-away * Math.sin(turn), 0.2 + far * Math.sin(tilt), away * Math.cos(turn));
    camera.lookAt(0, 0.2, 0);
    camera.updateProjectionMatrix();
    light.position.set(-1.5, 2, -0.6);
    renderer.render(scene, camera);
    const { meta, state } = shown;
    canvas.setAttribute(
      "aria-label",
      `${meta.title} in 3-D with the paths, step ${progress(meta, Math.floor(state.step))}. ${from()}. ${meaning(meta)}`,
    );
  }
  function look(change) {
    seen = change ? turned(seen, change) : SEEN;
    draw();
  }
  function press(key) {
    look(KEYS[key]);
    root.querySelector("p").textContent = `${from()}.`;
  }
  const from = () => `Turned by ${Math.round(seen.turn)}°, seen from ${Math.round(seen.tilt)}° above`;

  // By keys, by buttons, by the pointer: one turns, two pinch. A wheel scrolls the page, and zooms with Ctrl.
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    press(event.key);
  });
  for (const button of root.querySelectorAll("button"))
    button.addEventListener("click", () => press(button.dataset.key));
  const fingers = new Map();
  const apart = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  canvas.addEventListener("pointerdown", ({ pointerId, clientX, clientY, button }) => {
    if (button) return;
    canvas.setPointerCapture(pointerId);
    fingers.set(pointerId, [clientX, clientY]);
  });
  canvas.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
    if (!fingers.has(pointerId)) return;
    const [x, y] = fingers.get(pointerId);
    const before = fingers.size === 2 ? apart() : 0;
    fingers.set(pointerId, [clientX, clientY]);
    if (fingers.size === 1) look({ turn: (clientX - x) * 0.4, tilt: (clientY - y) * 0.3 });
    else if (fingers.size === 2) look({ far: before / (apart() || 1) });
  });
  canvas.addEventListener("lostpointercapture", ({ pointerId }) => fingers.delete(pointerId));
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      look({ far: Math.exp(event.deltaY * 0.005) });
    },
    { passive: false },
  );
  canvas.addEventListener("webglcontextrestored", draw);
  const size = new ResizeObserver(draw);
  size.observe(canvas);

  return {
    root,
    show(now) {
      const other = land?.of !== now.land;
      const tinted = other || shown?.colors !== now.colors;
      shown = now;
      if (other) {
        build(now);
        for (const key of [...paths.keys()]) drop(key);
      }
      if (tinted) dye(now);
      const { state } = now;
      const kept = [
        ...state.pinned().map((run) => lay(run, now, true)),
        ...state.shown().map((run) => lay(run, now, false)),
      ];
      for (const key of [...paths.keys()]) if (!kept.includes(key)) drop(key);
      draw();
    },
    end() {
      size.disconnect();
      for (const key of [...paths.keys()]) drop(key);
      mesh.geometry.dispose();
      for (const look of sprites.values()) look.dispose();
      renderer.dispose();
      root.remove();
    },
  };
}
