-- wrk: opens /<prefix>0 to /<prefix><count - 1>, each thread from a place of its own, in steps that come to all of them.
-- Arguments: the prefix, how many, and the milliseconds that a connection rests after each answer.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  prefix, count = args[1], tonumber(args[2])
  local pause = tonumber(args[3])
  at = math.floor(count / 2) * number
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function request()
  at = (at + 7919) % count
  return wrk.format("GET", "/" .. prefix .. at)
end
