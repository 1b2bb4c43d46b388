-- Programs that use much memory, each with a result that is known.

-- A generator of numbers that is the same everywhere: Marsaglia's xorshift of 32 bits.
local function numbers(seed)
  local state = seed
  return function()
    state = state ~ (state << 13) & 0xffffffff
    state = state ~ (state >> 17)
    state = state ~ (state << 5) & 0xffffffff
    return state
  end
end

local function sieve(last)
  local composite, count = {}, 0
  for number = 2, last do
    if not composite[number] then
      count = count + 1
      for multiple = number * number, last, number do composite[multiple] = true end
    end
  end
  return count
end

local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(root)
  if not root[1] then return 1 end
  return 1 + nodes(root[1]) + nodes(root[2])
end

local function trees(rounds, depth)
  local kept, count = tree(depth), 0
  for _ = 1, rounds do count = count + nodes(tree(depth)) end
  return count + nodes(kept)
end

local function sorted(size)
  local next_number, list, sum = numbers(1), {}, 0
  for place = 1, size do
    list[place] = next_number()
    sum = sum + list[place]
  end
  table.sort(list)
  for place = 2, size do
    if list[place - 1] > list[place] then return "unsorted at " .. place end
    sum = sum - list[place]
  end
  return sum == list[1]
end

local function text(lines)
  local parts = {}
  for line = 1, lines do parts[line] = string.format("%08d %s\n", line, string.rep("x", line % 64)) end
  local whole, count, sum = table.concat(parts), 0, 0
  for line in whole:gmatch("[^\n]+") do
    count = count + 1
    sum = sum + tonumber(line:sub(1, 8)) * #line
  end
  return #whole .. " " .. count .. " " .. sum
end

local function doubled(times)
  local long = "0123456789abcdef"
  for _ = 1, times do long = long .. long end
  return #long .. long:sub(-17, -1)
end

local function coroutines(count)
  local threads, sum = {}, 0
  for index = 1, count do
    threads[index] = coroutine.wrap(function()
      for step = 1, 10 do coroutine.yield(index * step) end
    end)
  end
  for _ = 1, 10 do
    for index = 1, count do sum = sum + threads[index]() end
  end
  return sum
end

-- Much is made and dropped; what stays is small, and the collector finds that out.
local function garbage(rounds)
  local weak = setmetatable({}, { __mode = "v" })
  for round = 1, rounds do weak[round] = { string.rep("g", 1000) } end
  collectgarbage()
  collectgarbage()
  local left = 0
  for _ in pairs(weak) do left = left + 1 end
  return left
end

local function words(size)
  local next_number, seen, different = numbers(7), {}, 0
  for _ = 1, size do
    local word = string.format("%x", next_number() & 0xfff)
    if not seen[word] then different = different + 1 end
    seen[word] = (seen[word] or 0) + 1
  end
  local total = 0
  for _, count in pairs(seen) do total = total + count end
  return different .. " " .. total
end

local tests = {
  { "a sieve", 17984, sieve, 200000 },
  { "binary trees", 4 * 32767, trees, 3, 14 },
  { "sorting", true, sorted, 50000 },
  { "a long text", "829520 20000 8097000256", text, 20000 },
  { "a string of 16 MiB", "16777216f0123456789abcdef", doubled, 20 },
  { "coroutines", 55 * 500500, coroutines, 1000 },
  { "garbage", 0, garbage, 20000 },
  { "words in a table", "4096 50000", words, 50000 },
}

print("KTAP version 1")
print("1.." .. #tests)
local failures = 0
for number, test in ipairs(tests) do
  local name, wanted, run = test[1], test[2], test[3]
  local found = run(table.unpack(test, 4))
  if found == wanted then
    print("ok " .. number .. " - " .. name)
  else
    failures = failures + 1
    print("# wanted " .. tostring(wanted) .. ", found " .. tostring(found))
    print("not ok " .. number .. " - " .. name)
  end
end
os.exit(failures == 0)
