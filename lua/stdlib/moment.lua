--- Moments as people write them.
local M = {}

--- 'YYYYMMDDTHHMMSSZ' and '2026-03-11T08:15:07Z' of seconds since 1970.
---@param seconds integer
---@return string basic
---@return string extended
function M.written(seconds)
  local days, rest = math.floor(seconds / 86400), seconds % 86400
  -- Days since 0000-03-01, in years that begin with March: a leap day is the last one.
  local era_days = days + 719468
  local era = math.floor(era_days / 146097)
  local day_of_era = era_days % 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
    - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local march_month = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * march_month + 2) / 5) + 1
  local month = march_month < 10 and march_month + 3 or march_month - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  local hour, minute, second = math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60
  return ('%04d%02d%02dT%02d%02d%02dZ'):format(year, month, day, hour, minute, second),
    ('%04d-%02d-%02dT%02d:%02d:%02dZ'):format(year, month, day, hour, minute, second)
end

return M
