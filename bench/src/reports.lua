-- wrk: posts reports in turn, each thread from a place of its own.
-- Argument: a file with a line for each report: the path, the bearer token, and the body.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  requests = {}
  for line in io.lines(args[1]) do
    local path, token, body = line:match("^(%S+) (%S+) (.+)$")
    local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
    table.insert(requests, wrk.format("POST", path, headers, body))
  end
  at = math.floor(#requests / 2) * number
end

function request()
  at = at % #requests + 1
  return requests[at]
end
