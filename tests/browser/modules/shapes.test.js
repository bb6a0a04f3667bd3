import { nearest, outline, pixels, place, pointer } from "./shapes.js";
import { around, frame } from "./canvas.js";
import { close, equal } from "./check.js";

const f = frame({ left: 10, top: 20, width: 100, height: 200 }, [0, 10], [-1, 1]);

export function a_frame_maps_data_to_pixels_and_back() {
  close([f.px(0), f.px(10), f.py(-1), f.py(1)], [10, 110, 220, 20]);
  close([f.x(60), f.y(120)], [5, 0]);
  equal([f.inside(10, 20), f.inside(9, 20), f.inside(110, 221)], [true, false, false]);
}

export function a_logarithmic_frame_maps_decades_evenly() {
  const log = frame({ left: 0, top: 0, width: 1, height: 300 }, [0, 1], [1e-3, 1], true);
  close([log.py(1), log.py(0.1), log.py(1e-3)], [0, 100, 300], 1e-9);
  equal(Number.isFinite(log.py(0)), true);
}

export function pixels_stay_where_a_canvas_can_draw() {
  close([f.px(1e300), f.py(1e300)], [1e5, -1e5]);
}

export function a_view_stays_inside_the_window() {
  const window = [[0, 10], [0, 20]];
  close(around(window, { x: 5, y: 10, zoom: 2 }), [[2.5, 7.5], [5, 15]]);
  close(around(window, { x: 0, y: 20, zoom: 2 }), [[0, 5], [10, 20]]);
  close(around(window, { x: 30, y: 10, zoom: 2 })[0], [27.5, 32.5]); // unless its center is outside
}

export function a_line_knows_its_points_and_its_length() {
  const line = pixels(f, [0, 3, 3], [0, 0, 0.4], 2);
  close([...line.points], [10, 120, 40, 120, 40, 80], 1e-4);
  close([...line.along], [0, 30, 70], 1e-4);
  close(place(line, 0.5), [25, 120], 1e-4);
  close(place(line, 9), [40, 80], 1e-4);
  equal(pixels(f, [], [], -1).points.length, 0);
}

export function the_nearest_step_is_found_as_far_as_the_run_was_played() {
  const line = pixels(f, [0, 5, 10], [0, 0, 0], 2);
  equal(nearest(line, 58, 121).k, 1);
  equal(nearest(line, 110, 120, 1).k, 1);
  equal(nearest(pixels(f, [], [], -1), 0, 0), { k: -1, away: null });
}

export function every_marker_is_a_polygon_around_its_point() {
  for (const marker of [..."sDd^v<>phH8*PXx+1234o"]) {
    const points = outline(marker, 50, 60, 6);
    close([0, 1].map((c) => points.reduce((sum, p) => sum + p[c], 0) / points.length), [50, 60]);
    equal(points.every(([x, y]) => Math.hypot(x - 50, y - 60) < 8), true);
  }
}

export function a_pointer_stands_on_the_edge_and_points_outward() {
  const [tip, , back] = pointer(f, 1000, 120, 1);
  close([tip, back], [[109, 120], [98.5, 120]]);
}
