-- Goes round the lines of $PATHS: an address, and after a tab an ETag to send along.
local requests, at = {}, 0
init = function()
  wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
  for line in io.lines(os.getenv("PATHS")) do
    local path, etag = line:match("^([^\t]*)\t?(.*)$")
    wrk.headers["If-None-Match"] = etag ~= "" and etag or nil
    requests[#requests + 1] = wrk.format("GET", path)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('JSON {"rps":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"n":%d,"errors":%d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.requests, e.status + e.timeout + e.connect + e.read + e.write))
end
