// Makes national.json and states.json, the outlines that app/site/map.py draws.
//
// In a folder of its own (the data was made with the versions named here):
//   npm install us-atlas@3.0.1 topojson-client@3.1.0 topojson-simplify@3.0.3 d3-geo@3.1.1
//   cp .../app/site/outlines/make.mjs . && node make.mjs .../seed/taxonomies/states.toml .../app/site/outlines
//
// us-atlas holds the cartographic boundary files of the U.S. Census Bureau, which are in the public domain.
import { readFileSync, writeFileSync } from "node:fs";
import { geoAlbersUsa, geoCentroid, geoConicEqualArea, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import { filter, filterWeight, presimplify, quantile, simplify } from "topojson-simplify";

const [statesToml, folder] = process.argv.slice(2);
const KEPT = 0.62; // of the detail of the national map goes away below this quantile
const LEAST_AREA = 3; // square units of the smallest island that the national map shows
const LEAST_ISLAND = 1.5; // the same for the map of one state
const [WIDTH, HEIGHT] = [640, 420]; // the map of one state fits into this
// Where the letters of a state stand when its middle is a bad place.
const LETTERS = { LA: [545, 478], FL: [818, 505], MI: [640, 127], MN: [527, 142], ID: [212, 175], CA: [78, 275], NY: [820, 176], HI: [315, 572], AK: [110, 535], OK: [500, 385], TX: [455, 480], KY: [715, 318], WV: [778, 290], VA: [815, 303], NC: [820, 345], OR: [118, 168], IN: [664, 318], AR: [552, 432], GA: [732, 474], SC: [793, 417] };

const uspsByFips = Object.fromEntries(
  [...readFileSync(statesToml, "utf8").matchAll(/slug = "(\w\w)"\nname = ".*"\nfips = "(\d\d)"/g)].map(([, usps, fips]) => [fips, usps]),
);
const atlas = (name) => JSON.parse(readFileSync(`node_modules/us-atlas/${name}.json`));
const rings = (geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat();

// An SVG path in whole units, each point from the one before.
function path(someRings) {
  return someRings.map((ring) => {
    let text = "", x0, y0;
    ring.forEach(([px, py], place) => {
      const x = Math.round(px), y = Math.round(py), dx = x - x0, dy = y - y0;
      if (place === 0) text = `M${x},${y}`;
      else if (!dx && !dy) return;
      else text += dx === 0 ? `v${dy}` : dy === 0 ? `h${dx}` : `l${dx},${dy}`.replace(",-", "-");
      [x0, y0] = [x, y];
    });
    return `${text}z`;
  }).join("");
}

function area(ring) {
  let twice = 0;
  ring.forEach(([x, y], place) => { const [u, v] = ring[(place + 1) % ring.length]; twice += x * v - u * y; });
  return Math.abs(twice / 2);
}

function national() {
  const whole = atlas("states-albers-10m"); // projected by geoAlbersUsa().scale(1300).translate([487.5, 305])
  const ready = presimplify(whole);
  const simpler = simplify(ready, quantile(ready, KEPT));
  const kept = filter(simpler, filterWeight(simpler, LEAST_AREA));
  const outlines = {}, letters = {};
  for (const state of feature(kept, kept.objects.states).features)
    if (uspsByFips[state.id]) outlines[uspsByFips[state.id]] = path(rings(state.geometry));
  for (const state of feature(whole, whole.objects.states).features)
    if (uspsByFips[state.id]) letters[uspsByFips[state.id]] = geoPath().centroid(state).map(Math.round);
  return { outlines, letters: { ...letters, ...LETTERS } };
}

// Each state upright: an equal-area cone around its own middle. `projection` is what map.py needs for a position.
function oneByOne() {
  const whole = atlas("states-10m"), states = {};
  for (const state of feature(whole, whole.objects.states).features) {
    const usps = uspsByFips[state.id];
    if (!usps || !geoAlbersUsa()(geoCentroid(state))) continue; // territories have no outline
    const [longitude, latitude] = geoCentroid(state);
    const parallels = [latitude - 2, latitude + 2];
    const cone = geoConicEqualArea().rotate([-longitude, 0]).center([0, latitude]).parallels(parallels);
    cone.fitSize([WIDTH, HEIGHT], state);
    const projected = [];
    geoPath(cone, { // collects what would be drawn
      beginPath() {}, closePath() {}, arc() {},
      moveTo(x, y) { projected.push([[x, y]]); },
      lineTo(x, y) { projected.at(-1).push([x, y]); },
    })(state);
    const box = geoPath(cone).bounds(state).flat().map(Math.round);
    const [x, y] = cone([longitude, latitude]);
    const exact = (number) => Number(number.toFixed(6));
    states[usps] = {
      outline: path(projected.filter((ring) => area(ring) >= LEAST_ISLAND)),
      box,
      projection: { longitude: exact(longitude), latitude: exact(latitude), scale: exact(cone.scale()), x: exact(x), y: exact(y) },
    };
  }
  return states;
}

const write = (name, value) => writeFileSync(`${folder}/${name}.json`, JSON.stringify(value) + "\n");
write("national", national());
write("states", oneByOne());
