--- A Release as somebody hands it over: from a cluster, from a file, cut, of another version, or changed by hand. What
--- comes back has the fields of the right types, so that whoever reads on may take them for granted.
local M = {}

local API_VERSION, KIND = 'sluice.dev/v1alpha1', 'Release'

local function is_list(value)
  if type(value) ~= 'table' then
    return false
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == #value
end

local function described(value)
  if value == nil then
    return 'nothing'
  end
  return type(value) == 'table' and (is_list(value) and #value > 0 and 'a list' or 'an object')
    or type(value) == 'string' and ('%q'):format(#value > 40 and value:sub(1, 40) .. '…' or value) or tostring(value)
end

---@type table<string, string> what is said of a type
local WANTED = { string = 'a text', number = 'a number', table = 'an object', boolean = 'true or false' }

local Reader = {}
Reader.__index = Reader

function Reader:fail(field, value, wanted)
  error({ problem = ('%s: %s: %s is wanted, got %s'):format(self.name, field, wanted, described(value)) }, 0)
end

--- The value of a field that may be absent.
function Reader:optional(holder, field, path, kind)
  local value = holder[field]
  if value ~= nil and type(value) ~= kind then
    self:fail(path .. '.' .. field, value, WANTED[kind])
  end
  return value
end

function Reader:object(holder, field, path)
  if type(holder[field]) ~= 'table' then
    self:fail(path .. '.' .. field, holder[field], WANTED.table)
  end
end

function Reader:list(holder, field, path)
  local value = holder[field]
  if value ~= nil and not is_list(value) then
    self:fail(path .. '.' .. field, value, 'a list')
  end
  return value or {}
end

---@type table<string, string> the fields of evidence that are read
local EVIDENCE = { at = 'string', metric = 'string', hook = 'string', word = 'string', verdict = 'string',
  value = 'number', min = 'number', max = 'number', margin = 'number', samples = 'number', needed = 'number',
  unit = 'string', cause = 'string', problem = 'string', text = 'string', query = 'string', template = 'string',
  server = 'string', failed = 'number', threshold = 'number', reason = 'string', round = 'number', weight = 'number',
  where = 'string', own = 'boolean', way = 'string' }

--- Of a metric these stand once, where they are the same (core/release/journal_evidence.c).
local SAID_ONCE = { 'query', 'template', 'server' }

local function repeat_texts(list)
  local former = {}
  for _, evidence in ipairs(list) do
    local before = evidence.metric and former[evidence.metric]
    for _, field in ipairs(before and SAID_ONCE or {}) do
      if evidence[field] == nil then
        evidence[field] = before[field]
      end
    end
    former[evidence.metric or ''] = evidence
  end
end

function Reader:evidence(status)
  local list = {}
  for i, one in ipairs(self:list(status, 'evidence', 'status')) do
    local path = ('status.evidence[%d]'):format(i - 1)
    if type(one) ~= 'table' then
      self:fail(path, one, 'an object')
    end
    list[i] = {}
    for field, kind in pairs(EVIDENCE) do
      list[i][field] = self:optional(one, field, path, kind)
    end
    local verdict = one.verdict
    if verdict ~= 'pass' and verdict ~= 'fail' and verdict ~= 'blind' then
      self:fail(path .. '.verdict', verdict, 'pass, fail or blind')
    end
  end
  repeat_texts(list)
  return list
end

---@class ReadRequest what a person asked for
---@field verb string?
---@field gate string? that was approved
---@field by string?
---@field reason string?
---@field through string? the field of the Canary that paused it, where nobody sent a request
---@field acted string? when it was acted on
local REQUEST = { 'id', 'verb', 'gate', 'by', 'reason', 'through', 'acted' }

function Reader:request(one, path)
  if type(one) ~= 'table' then
    self:fail(path, one, 'an object')
  end
  local request = {}
  for _, field in ipairs(REQUEST) do
    request[field] = self:optional(one, field, path, 'string')
  end
  return request
end

function Reader:requests(status)
  local list = {}
  for i, one in ipairs(self:list(status, 'requests', 'status')) do
    list[i] = self:request(one, ('status.requests[%d]'):format(i - 1))
  end
  return list
end

function Reader:entries(status)
  local list = {}
  for i, one in ipairs(self:list(status, 'entries', 'status')) do
    local path = ('status.entries[%d]'):format(i - 1)
    if type(one) ~= 'table' then
      self:fail(path, one, 'an object')
    elseif type(one.w) ~= 'string' then
      self:fail(path .. '.w', one.w, 'the name of a word')
    end
    list[i] = { word = one.w, args = one.a, result = one.r, at_ms = self:optional(one, 't', path, 'number'),
      times = self:optional(one, 'n', path, 'number') or 1, segment = self:optional(one, 's', path, 'number') or 1 }
    if one.w ~= 'restart' then -- of the engine's own, which gives nothing
      self:object(one, 'r', path)
    end
  end
  for i, entry in ipairs(list) do
    for k = i + 1, math.min(i + entry.segment - 1, #list) do -- repeated together with the one before
      list[k].times = entry.times
    end
  end
  return list
end

function Reader:dropped(status)
  local dropped = self:optional(status, 'dropped', 'status', 'table') or {}
  return { entries = self:optional(dropped, 'entries', 'status.dropped', 'number'),
    evidence = self:optional(dropped, 'evidence', 'status.dropped', 'number') }
end

local TEXTS = { 'state', 'reason', 'summary', 'started', 'ended', 'decided', 'lastCheck', 'holder' }
local NUMBERS = { 'weight', 'failedChecks', 'threshold', 'drainedAfterMs', 'openStarted' }

local function read(reader, object)
  local metadata = reader:optional(object, 'metadata', 'Release', 'table') or {}
  local spec = reader:optional(object, 'spec', 'Release', 'table')
  local status = reader:optional(object, 'status', 'Release', 'table') or {}
  if not spec then
    reader:fail('spec', nil, 'an object')
  end
  local release = {
    name = reader:optional(metadata, 'name', 'metadata', 'string') or '?',
    namespace = reader:optional(metadata, 'namespace', 'metadata', 'string') or 'default',
    canary = reader:optional(spec, 'canary', 'spec', 'string') or '?',
    strategy = reader:optional(spec, 'strategy', 'spec', 'string') or '?',
    restarted = reader:optional(spec, 'restarted', 'spec', 'boolean') or false,
    began_refused = reader:optional(spec, 'waiting', 'spec', 'boolean') or false,
    is_accepted = status.accepted ~= nil,
    words = reader:optional(spec, 'words', 'spec', 'number') or 1,
    images = reader:optional(status, 'images', 'status', 'table') or {},
    started_by = reader:optional(status, 'startedBy', 'status', 'table'),
    ended_by = reader:optional(status, 'endedBy', 'status', 'table'),
    dropped = reader:dropped(status),
    begun_by = spec.request ~= nil and reader:request(spec.request, 'spec.request') or nil,
    requests = reader:requests(status),
    evidence = reader:evidence(status),
    entries = reader:entries(status),
  }
  for _, field in ipairs(TEXTS) do
    release[field] = reader:optional(status, field, 'status', 'string')
  end
  release.open = reader:list(status, 'open', 'status')
  for _, field in ipairs(NUMBERS) do
    release[field] = reader:optional(status, field, 'status', 'number')
  end
  return release
end

---@class ReadRelease
---@field name string
---@field namespace string
---@field canary string
---@field began_refused boolean its Canary was, and it waited until that is accepted
---@field is_accepted boolean a spec was accepted after it had begun
---@field begun_by ReadRequest? a retry
---@field requests ReadRequest[]
---@field evidence Evidence[] with all texts, also those that the object has once
---@field entries { word: string, args: any, result: any, at_ms: integer?, times: integer }[] times: in a row
---@field open any[] the operations of the word that is in progress

--- Reads a Release, or says what is wrong with it.
---@param object any as kubectl shows it, a table
---@return ReadRelease? release
---@return string? problem
function M.release(object)
  if type(object) ~= 'table' then
    return nil, 'a Release is wanted, got ' .. described(object)
  end
  local name = type(object.metadata) == 'table' and type(object.metadata.name) == 'string' and object.metadata.name
  if object.kind ~= KIND then
    return nil, ('%s: kind: Release is wanted, got %s'):format(name or 'the object', described(object.kind))
  elseif object.apiVersion ~= API_VERSION then
    return nil, ('Release %s: apiVersion: %s is wanted, got %s'):format(name or '?', API_VERSION,
      described(object.apiVersion))
  end
  local ok, release = pcall(read, setmetatable({ name = 'Release ' .. (name or '?') }, Reader), object)
  if ok then
    return release
  elseif type(release) == 'table' then
    return nil, release.problem
  end
  error(release, 0)
end

return M
