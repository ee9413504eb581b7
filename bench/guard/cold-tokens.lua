-- Every request carries another token: wrk … -- FILE SKIP
-- FILE holds a token a line. SKIP tokens were used by the runs before, so all runs together go round the file in order.
local requests = {}
local position

function init(args)
  for token in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
  end
  position = tonumber(args[2]) % #requests
end

function request()
  position = position % #requests + 1
  return requests[position]
end
