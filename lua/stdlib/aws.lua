--- Amazon's signatures (Signature Version 4) and the form of its query APIs, for adapters.
local adapter = require 'stdlib.adapter'
local moment = require 'stdlib.moment'

local M = {}

--- The names of the headers in lower case, in order, and their lines.
local function canonical(headers)
  local names, values = {}, {}
  for name, value in pairs(headers) do
    names[#names + 1] = name:lower()
    values[name:lower()] = value
  end
  table.sort(names)
  local lines = {}
  for i, name in ipairs(names) do
    lines[i] = name .. ':' .. values[name]:gsub('^%s+', ''):gsub('%s+$', ''):gsub('%s+', ' ') .. '\n'
  end
  return table.concat(names, ';'), table.concat(lines)
end

---@class AwsCredentials
---@field id string
---@field secret string
---@field token string?

--- Signs a POST of `body` to the root of a host: gives its headers.
---@param order { service: string, region: string, host: string, body: string, type: string, now: integer }
---@param credentials AwsCredentials
---@return table<string, string>
function M.sign(order, credentials)
  local time = moment.written(order.now)
  local date = time:sub(1, 8)
  local headers = { Host = order.host, ['X-Amz-Date'] = time, ['Content-Type'] = order.type,
    ['X-Amz-Security-Token'] = credentials.token }
  local names, lines = canonical(headers)
  local request = table.concat({ 'POST', '/', '', lines, names, adapter.hex(adapter.sha256(order.body)) }, '\n')
  local scope = table.concat({ date, order.region, order.service, 'aws4_request' }, '/')
  local text = table.concat({ 'AWS4-HMAC-SHA256', time, scope, adapter.hex(adapter.sha256(request)) }, '\n')
  local key = 'AWS4' .. credentials.secret
  for _, part in ipairs { date, order.region, order.service, 'aws4_request' } do
    key = adapter.hmac_sha256(key, part)
  end
  headers.Host = nil -- the URL's
  headers.Authorization = ('AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s'):format(credentials.id,
    scope, names, adapter.hex(adapter.hmac_sha256(key, text)))
  return headers
end

--- The parameters of a query API in the order in which they were added; a blank is %20.
---@param list { [1]: string, [2]: string }[]
function M.form(list)
  return (adapter.parameters(list):gsub('%+', '%%20')) -- a plus of the values' own is %2B
end

---@class XmlElement a list of the elements in it
---@field name string
---@field text string what stands before the first of them

--- The elements of a document, without attributes; as much of it as can be read.
---@param text string
---@return XmlElement
function M.xml(text)
  local root = { name = '', text = '' }
  local open = { root }
  for slash, name, rest, after in text:gmatch '<(/?)([%w:_.-]+)([^>]*)>([^<]*)' do
    if slash == '/' then
      open[#open > 1 and #open or 2] = nil
    else
      local element = { name = name, text = after }
      table.insert(open[#open], element)
      if rest:sub(-1) ~= '/' then
        open[#open + 1] = element
      end
    end
  end
  return root
end

--- The first element of that name at any depth; nil without one.
---@param element XmlElement
---@param name string
---@return XmlElement?
function M.find(element, name)
  for _, inner in ipairs(element) do
    local found = inner.name == name and inner or M.find(inner, name)
    if found then
      return found
    end
  end
end

local ENTITIES = { lt = '<', gt = '>', amp = '&', quot = '"', apos = "'" }

--- The text of the first element of that name, of those that hold only text; nil without one.
---@param xml string
---@param name string
---@return string?
function M.text(xml, name)
  local text = xml:match('<' .. name .. '>([^<]*)</' .. name .. '>')
  return text and text:gsub('&(%a+);', ENTITIES) or nil
end

--- Why a question to a query API has failed, as Amazon's client for Go says it.
---@param response AdapterResponse
---@return string
function M.problem(response)
  if response.error then
    return 'RequestError: send request failed\ncaused by: ' .. response.error
  end
  local code, message = M.text(response.body, 'Code'), M.text(response.body, 'Message')
  if not code then
    return ('%d: %s'):format(response.status, adapter.line(response.body, 256))
  end
  return ('%s: %s\n\tstatus code: %d, request id: %s'):format(code, message or '', response.status,
    M.text(response.body, 'RequestId') or '')
end

-- Credentials of the engine's surroundings --------------------------------------------------------

local CONTAINER, INSTANCE = 'http://169.254.170.2', 'http://169.254.169.254/latest/'
local ROLES = 'meta-data/iam/security-credentials/'

local function from_environment(ambient)
  local id, secret = ambient.AWS_ACCESS_KEY_ID, ambient.AWS_SECRET_ACCESS_KEY
  return id and secret and { id = id, secret = secret, token = ambient.AWS_SESSION_TOKEN } or nil
end

local function web_identity(ask, ambient)
  return {
    method = 'POST',
    url = ('https://sts.%s.amazonaws.com/'):format(ask.region),
    headers = { ['Content-Type'] = 'application/x-www-form-urlencoded; charset=utf-8' },
    body = M.form {
      { 'Action', 'AssumeRoleWithWebIdentity' },
      { 'RoleArn', ambient.AWS_ROLE_ARN },
      { 'RoleSessionName', ambient.AWS_ROLE_SESSION_NAME or 'sluice-' .. ask.now },
      { 'Version', '2011-06-15' },
      { 'WebIdentityToken', (ambient.AWS_WEB_IDENTITY_TOKEN:gsub('%s+$', '')) },
    },
  }
end

local function container(ambient)
  local token = ambient.AWS_CONTAINER_AUTHORIZATION_TOKEN
  local relative = ambient.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  return {
    url = relative and CONTAINER .. relative or ambient.AWS_CONTAINER_CREDENTIALS_FULL_URI,
    headers = { Authorization = token and token:gsub('%s+$', '') or nil },
  }
end

--- The credentials, or the request that leads to them and what it was made for. The order is that of Amazon's clients:
--- the environment, a web identity (service accounts of EKS), a container's, the instance's.
---@return AwsCredentials?
---@return AdapterRequest?
---@return string? stage
function M.credentials(ask)
  local ambient = ask.ambient or {}
  local found = from_environment(ambient)
  if found then
    return found
  elseif ambient.AWS_WEB_IDENTITY_TOKEN and ambient.AWS_ROLE_ARN then
    return nil, web_identity(ask, ambient), 'identity'
  elseif ambient.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ambient.AWS_CONTAINER_CREDENTIALS_FULL_URI then
    return nil, container(ambient), 'documents'
  end
  return nil, { method = 'PUT', url = INSTANCE .. 'api/token', timeout_ms = 1000,
    headers = { ['X-aws-ec2-metadata-token-ttl-seconds'] = '60' } }, 'instance'
end

local NONE = 'NoCredentialProviders: no valid providers in chain. Deprecated.'

local function of_document(body)
  local document = adapter.json.decode(body)
  if type(document) ~= 'table' or type(document.AccessKeyId) ~= 'string'
    or type(document.SecretAccessKey) ~= 'string' then
    return nil
  end
  local token = type(document.Token) == 'string' and document.Token or nil
  return { id = document.AccessKeyId, secret = document.SecretAccessKey, token = token }
end

local function of_identity(body)
  local id, secret = M.text(body, 'AccessKeyId'), M.text(body, 'SecretAccessKey')
  return id and secret and { id = id, secret = secret, token = M.text(body, 'SessionToken') } or nil
end

--- Goes on with the response to such a request: the credentials, or a problem, or the next request and its stage.
---@param keep table what `credentials` or this function said to keep
---@return AwsCredentials? found
---@return string? problem
---@return AdapterRequest? request
---@return table? keep
function M.further(keep, response)
  local stage, body = keep.stage, response.body
  if response.error or response.status ~= 200 then
    local is_said = stage == 'identity' and not response.error
    return nil, is_said and M.problem(response) or NONE
  elseif stage == 'instance' or stage == 'role' then
    local token = keep.token or body:gsub('%s+$', '')
    local role = stage == 'role' and body:match '^[%w+=,.@_-]+' or ''
    return nil, nil, { url = INSTANCE .. ROLES .. role, timeout_ms = 1000,
      headers = { ['X-aws-ec2-metadata-token'] = token } },
      { stage = stage == 'instance' and 'role' or 'documents', token = token }
  end
  local found = (stage == 'identity' and of_identity or of_document)(body)
  return found, not found and NONE or nil
end

return M
