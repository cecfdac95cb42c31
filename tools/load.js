// Load at a constant rate by k6: what tools/load.py has it send, with requests that do nothing beside it.
import http from "k6/http";
import { SharedArray } from "k6/data";

const asked = new SharedArray("asked", () => JSON.parse(open(__ENV.REQUESTS)));
const kinds = ["list", "idle"];

// VUs are what k6 has for connections: enough of them that a stall holds no request back.
const even = (rate, exec) => ({
  executor: "constant-arrival-rate", rate, timeUnit: "1s", duration: `${__ENV.SECONDS}s`, exec,
  preAllocatedVUs: 100, maxVUs: 1000, gracefulStop: "30s",
});

export const options = {
  discardResponseBodies: true,
  scenarios: { list: even(Number(__ENV.RATE), "list"), idle: even(Number(__ENV.IDLE), "idle") },
  summaryTrendStats: ["p(50)", "p(95)", "p(99)"],
  // k6 tells metrics of one scenario only where a threshold names it.
  thresholds: Object.fromEntries(kinds.flatMap((kind) => [
    [`http_req_duration{scenario:${kind}}`, ["p(50)>=0"]],
    [`http_req_failed{scenario:${kind}}`, ["rate>=0"]],
  ])),
};

export function list() {
  const { method, path, body } = asked[Math.floor(Math.random() * asked.length)];
  http.request(method, __ENV.SERVER + path, body, { headers: { "Content-Type": "application/json" } });
}

export function idle() {
  http.get(`${__ENV.SERVER}/health`);
}

export function handleSummary(data) {
  const told = { dropped: data.metrics.dropped_iterations ? data.metrics.dropped_iterations.values.count : 0 };
  for (const kind of kinds) {
    told[kind] = data.metrics[`http_req_duration{scenario:${kind}}`].values;
    told[kind].failed = data.metrics[`http_req_failed{scenario:${kind}}`].values.passes;
    told[kind].answered = data.metrics[`http_req_failed{scenario:${kind}}`].values.fails;
  }
  return { stdout: JSON.stringify(told) };
}
