#!/usr/bin/env python3
"""The commands for authors of strategies: what they tell, on which stream, and their exit status.

    authors.py SLUICE

(What is said of scripts in detail: spec/tool, tests/unit/app/test_check_script.c.)
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / 'examples/strategies/growing-shares'
SLUICE = None
PATIENCE_S = 400


class Author(unittest.TestCase):
    """Runs commands in the folder `top`, which is empty at first."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def run_sluice(self, *words):
        done = subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=PATIENCE_S, cwd=self.top)
        return done.returncode, done.stdout, done.stderr


class Folder(Author):
    """In a folder with a copy of an example, which a test may spoil."""
    example = EXAMPLE

    def setUp(self):
        super().setUp()
        name = self.example.name
        self.folder = self.top / name
        shutil.copytree(self.example, self.folder)
        self.script = self.folder / f'{name}.lua'
        self.spec = self.folder / f'{name.replace("-", "_")}_spec.lua'

    def expect(self, status, told, *words):
        self.assertEqual((status, told, ''), self.run_sluice(*words))

    def spoil(self, path, old, new):
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))


class Check(Folder):
    def test_sound(self):
        self.expect(0, '6 files, 0 errors, 0 warnings\n', 'check', 'growing-shares')

    def test_behind(self):
        """The manifest is behind the script until it is written."""
        self.spoil(self.script, 'rollout:shift(share)', 'rollout:shift(share) -- now')
        behind = ('growing-shares/strategy.yaml:8:11: error: spec.script is not what growing-shares/growing-shares.lua '
                  'says; sluice check --write brings it up to date\n6 files, 1 error, 0 warnings\n')
        self.expect(1, behind, 'check', 'growing-shares')
        self.expect(0, 'growing-shares/strategy.yaml: brought up to date\n6 files, 0 errors, 0 warnings\n',
                    'check', '--write', 'growing-shares')
        self.expect(0, '6 files, 0 errors, 0 warnings\n', 'check', 'growing-shares')
        self.assertIn('\n          rollout:shift(share) -- now\n', (self.folder / 'strategy.yaml').read_text())

    def test_wrong(self):
        self.spoil(self.script, 'rollout:begin()', 'rollout:begin()\n    rollout:shfit(5)\n    rollout:wait "soon"')
        self.spoil(self.folder / 'canary.yaml', '{shares: [10, 50%]}', '{shares: [10, 150%], round: 3}')
        status, told, errors = self.run_sluice('check', '--write', 'growing-shares', '-o', 'json')
        self.assertEqual((1, 'growing-shares/strategy.yaml: brought up to date\n'), (status, errors))
        found = [(pathlib.Path(each['file']).name, each['line'], each['column'], each['severity'])
                 for each in json.loads(told)['findings']]
        self.assertEqual([('canary.yaml', 9, 27, 'error'), ('canary.yaml', 9, 41, 'error'),
                          ('growing-shares.lua', 12, 13, 'error'), ('growing-shares.lua', 13, 18, 'error')], found)

    def test_unreadable(self):
        status, _, errors = self.run_sluice('check', 'no/such.lua')
        self.assertEqual((2, 'sluice check: no/such.lua: No such file or directory\n'), (status, errors))
        self.script.write_bytes(b'return \0')
        status, _, errors = self.run_sluice('check', 'growing-shares/growing-shares.lua')
        self.assertEqual((2, 'sluice check: growing-shares/growing-shares.lua: a NUL byte is in there\n'),
                         (status, errors))


    def test_utf16(self):
        """A file in UTF-16 is read as kubectl reads it."""
        text = (self.folder / 'canary.yaml').read_text().replace('interval: 30s', 'interval: 30')
        for encoding in ('utf-16-le', 'utf-16-be'):
            (self.folder / 'canary.yaml').write_bytes(('\ufeff' + text).encode(encoding))
            status, told, errors = self.run_sluice('check', 'growing-shares')
            self.assertEqual((1, ''), (status, errors))
            self.assertRegex(told, r'\Agrowing-shares/canary.yaml:\d+:15: error: spec.analysis.interval: .*, wanted a '
                                   r'duration such as 30s or 1m\n6 files, 1 error, 0 warnings\n\Z')

    def test_missing(self):
        """A name that is not there is all that is told."""
        self.expect_failure('no-such: No such file or directory\n', 'check', 'no-such')

    def expect_failure(self, said, *words):
        self.assertEqual((2, '', f'sluice check: {said}'), self.run_sluice(*words))

    def test_full_disk(self):
        """What cannot be written whole is not begun."""
        self.spoil(self.script, 'rollout:shift(share)', 'rollout:shift(share) -- now')
        manifest, before = self.folder / 'strategy.yaml', (self.folder / 'strategy.yaml').read_text()
        full = 'ulimit -f 0; trap "" XFSZ; exec "$0" check --write growing-shares'
        done = subprocess.run(['bash', '-c', full, SLUICE],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=self.top,
                              timeout=PATIENCE_S)
        self.assertEqual((2, 'sluice check: growing-shares/strategy.yaml: File too large\n'),
                         (done.returncode, done.stderr))
        self.assertEqual(before, manifest.read_text())
        self.assertEqual(6, len(list(self.folder.iterdir())))


class Adapter(Folder):
    """The adapters that a Check brings."""
    example = ROOT / 'examples/checks/queue-backlog'

    def setUp(self):
        super().setUp()
        self.adapter, self.manifest = self.folder / 'adapters/rabbitmq.lua', self.folder / 'check.yaml'

    def expect_error(self, place, said):
        self.expect(1, f'queue-backlog/{place}: error: {said}\n7 files, 1 error, 0 warnings\n',
                    'check', 'queue-backlog')

    def test_behind(self):
        """The manifest is behind the adapter's file until it is written."""
        self.spoil(self.adapter, "'messages_ready')", "'messages_ready') -- now")
        line = self.manifest.read_text().split('\n').index('      script: |') + 1
        self.expect_error(f'check.yaml:{line}:15',
                          'spec.adapters.rabbitmq.script is not what queue-backlog/adapters/rabbitmq.lua says; sluice '
                          'check --write brings it up to date')
        self.expect(0, 'queue-backlog/check.yaml: brought up to date\n7 files, 0 errors, 0 warnings\n',
                    'check', '--write', 'queue-backlog')
        self.assertIn("\n        --- RabbitMQ's management API.", self.manifest.read_text())
        self.assertIn("'messages_ready') -- now\n", self.manifest.read_text())

    def test_runs_what_is_edited(self):
        """Worlds have the adapter of the file, not the one of the manifest."""
        self.spoil(self.adapter, 'queue.messages_ready', '400')
        status, told, _ = self.run_sluice('test', 'queue-backlog')
        self.assertEqual(1, status, told)
        self.assertIn('400 orders wait, at most 50 wanted', told)

    def test_wrong(self):
        """What the engine would say of the adapter, at its line."""
        self.spoil(self.adapter, "name = 'rabbitmq'", "name = 'rabbitmq', answers = 5")
        self.run_sluice('check', '--write', 'queue-backlog')
        self.expect_error('adapters/rabbitmq.lua:6:3', 'adapter: there is no field "answers", known are answer, name, '
                          'request')

    def test_urls(self):
        self.spoil(self.manifest, 'urls: [https://rabbitmq.shop/api]', 'urls: ["https://rabbitmq.shop/api?vhost=x"]')
        status, told, _ = self.run_sluice('check', 'queue-backlog')
        self.assertEqual(1, status)
        self.assertRegex(told, r'check.yaml:\d+:\d+: error: spec.adapters.rabbitmq.urls\[0\]: a URL without a query '
                               r'and a fragment is wanted, got "https://rabbitmq.shop/api\?vhost=x"\n')

    def test_unknown(self):
        """The script asks one that the Check does not bring."""
        self.spoil(self.script, "c:ask('rabbitmq'", "c:ask('rabitmq'")
        self.run_sluice('check', '--write', 'queue-backlog')
        self.expect_error('queue-backlog.lua:9:34',
                          'ask: adapter: there is no adapter "rabitmq", known are rabbitmq')


class Test(Folder):
    def test_sound(self):
        status, told, errors = self.run_sluice('test', 'growing-shares')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertRegex(told, r'''(?x)\A\ \ growing-shares\n
            \ \ \ \ ✓\ gives\ a\ good\ version\ its\ shares\ and\ promotes\ it\ +\d+\.\d\d\ s\n
            \ \ \ \ ✓\ takes\ a\ bad\ version\ back\ at\ its\ first\ share\ +\d+\.\d\d\ s\n
            \ \ \ \ ✓\ goes\ as\ the\ scenario\ tells\ it\ +\d+\.\d\d\ s\n
            \ \ killed\ at\ every\ word:\ (\d+)\ of\ \1\ end\ the\ same\n
            3\ passed,\ 0\ failed\ ·\ 13\ of\ 13\ lines\ ran\ \(100\ %\)\n\Z''')

    def test_failed(self):
        """One that fails shows the line, what came, and the story."""
        self.spoil(self.spec, "assert.equal('Failed', world:finish())", "assert.equal('Succeeded', world:finish())")
        status, told, errors = self.run_sluice('test', 'growing-shares', '--filter', 'bad version', '--no-kills')
        self.assertEqual((1, ''), (status, errors), told)
        for said in ("      growing-shares/growing_shares_spec.lua:27: expected 'Succeeded', got 'Failed'\n",
                     ' $ kubectl -n shop set image deployment/web web=shop/web:3\n',
                     ' Advance web.shop canary weight 10\n',
                     ' ! Rolling back web.shop failed checks threshold reached 2\n',
                     "        again: sluice test growing-shares/growing_shares_spec.lua --filter 'growing-shares "
                     "takes a bad version back at its first share'\n", '0 passed, 1 failed · '):
            self.assertIn(said, told)
        self.assertNotIn('killed at', told)

    def test_again(self):
        """What is to be typed to run a spec again can be typed, whatever its name has in it."""
        self.spec.write_text("it([[isn't $HOME]], function() error 'no' end) it('passes', function() end)")
        _, told, _ = self.run_sluice('test', 'growing-shares')
        again = re.search(r'again: sluice (.*)', told).group(1)
        done = subprocess.run(['bash', '-c', f'{SLUICE} {again}'], capture_output=True, text=True, cwd=self.top)
        self.assertEqual((1, ''), (done.returncode, done.stderr), told)
        self.assertIn('\n0 passed, 1 failed', done.stdout)

    def test_failed_play(self):
        """What people do in a scenario is a command in its story, marked once."""
        self.spoil(self.folder / 'scenario.yaml', 'times: 1', 'times: 2')
        status, told, errors = self.run_sluice('test', 'growing-shares', '--filter', 'scenario', '--no-kills')
        self.assertEqual((1, ''), (status, errors), told)
        self.assertRegex(told, r'\n +\d+:\d\d \$ kubectl -n shop set image deployment/web web=shop/web:3\n')

    def test_neither_left_nor_silent(self):
        """A spec that ends the process, or raises nothing, has failed, and those behind it run."""
        self.spec.write_text("""
            it('leaves', function() os.exit(0) end)
            it('raises nil', function() error() end)
            it('raises false', function() error(false) end)
            it('passes', function() end)""")
        status, told, errors = self.run_sluice('test', 'growing-shares')
        self.assertEqual((1, ''), (status, errors), told)
        for said in ('os.exit: a spec does not end the run', 'an error that is nil', 'an error that is false',
                     '1 passed, 3 failed'):
            self.assertIn(said, told)

    def test_runs_what_is_edited(self):
        """The script beside the manifest is the one that runs."""
        self.spoil(self.script, 'rollout:shift(share)', 'rollout:shift(share + 1)')
        status, told, _ = self.run_sluice('test', 'growing-shares', '--filter', 'good version', '--no-kills')
        self.assertEqual(1, status)
        self.assertIn('weight 10 has not come in 6h; shop/web is Succeeded, weight 0', told)
        self.assertIn('Advance web.shop canary weight 11\n', told)

    def test_not_loaded(self):
        """A script that does not load holds its Canary up, and the spec says why."""
        self.script.write_text('return +')
        status, told, _ = self.run_sluice('test', 'growing-shares', '--filter', 'good version', '--no-kills')
        self.assertEqual(1, status)
        self.assertIn("shop/web is refused: spec.strategy: Strategy shop/growing-shares is not "
                      "ready: scripts.growing-shares: scripts/growing-shares.lua:1:8: unexpected symbol near '+'", told)

    def test_killed(self):
        """What ends otherwise when the engine dies is found, and the word is named."""
        self.spec.write_text('''local sluice, runs = require 'sluice', 0
it('counts', function()
  runs = runs + 1
  local world = sluice.world 'scenario.yaml'
  world:deploy 'shop/web:2'
  world:finish()
  assert.is_true(runs == 1, 'the first run')
end)
it('counts #no-kills', function() end)
''')
        status, told, _ = self.run_sluice('test', 'growing-shares')
        self.assertEqual(1, status)
        self.assertRegex(told, r'growing_shares_spec.lua:7: the first run: expected true, got false '
                               r'\(killed at word 1 of \d+\)\n')
        self.assertRegex(told, r'\* kill -9 of the engine, at word 1, ')
        self.assertRegex(told, r'killed at every word: 0 of \d+ end the same\n1 passed, 1 failed')

    def test_hooks(self):
        """Hooks run in busted's order, and what is pending does not run."""
        self.spec.write_text('''
describe('outer', function()
  local told = {}
  setup(function() told[#told + 1] = 'setup' end)
  before_each(function() told[#told + 1] = 'before' end)
  after_each(function() told[#told + 1] = 'after' end)
  describe('inner', function()
    before_each(function() told[#told + 1] = 'inner before' end)
    after_each(function() told[#told + 1] = 'inner after' end)
    it('one', function() finally(function() told[#told + 1] = 'finally' end) told[#told + 1] = 'one' end)
  end)
  it('two', function()
    assert.same({ 'setup', 'before', 'inner before', 'one', 'finally', 'inner after', 'after', 'before' }, told)
    assert.has_error(function() error('x') end, 'x')
    assert.is_not_nil(told)
    assert.are_not.equal(1, 2)
    assert.matches('%d+', 'a 5')
    assert.has_no.errors(function() end)
  end)
  pending('three', function() error('x') end)
  it('four', function() pending 'later' end)
  it('five', function() leaked = 5 end)
  it('six', function() error({}) end)
end)
''')
        status, told, _ = self.run_sluice('test', 'growing-shares', '-o', 'json')
        found = json.loads(told)
        self.assertEqual((1, 3, 1, 2), (status, found['passed'], found['failed'], found['pending']), told)
        self.assertEqual(['outer inner one', 'outer two', 'outer three', 'outer four', 'outer five', 'outer six'],
                         [each['name'] for each in found['specs']])
        self.assertEqual('growing-shares/growing_shares_spec.lua:23: an error that is no text: {}',
                         found['specs'][5]['message'])

    def test_broken(self):
        """A spec file that does not load fails; the others run. Of a spec what was raised first is told."""
        (self.folder / 'a_spec.lua').write_text('return +')
        (self.folder / 'b_spec.lua').write_text('describe("x", function() error("no") end)')
        (self.folder / 'c_spec.lua').write_text('before_each(function() error("first") end) '
                                                'after_each(function() error("then") end) it("y", function() end)')
        status, told, _ = self.run_sluice('test', 'growing-shares', '--no-kills')
        self.assertEqual(1, status)
        self.assertIn("growing-shares/a_spec.lua:1: unexpected symbol near '+'\n", told)
        self.assertIn('growing-shares/b_spec.lua:1: no\n', told)
        self.assertIn('growing-shares/c_spec.lua:1: first\n', told)
        self.assertIn('3 passed, 3 failed', told)

    def test_thresholds(self):
        """Lines that did not run, and no spec at all, fail when that is asked."""
        words = ('test', 'growing-shares', '--no-kills', '--filter', 'bad version')
        status, told, _ = self.run_sluice(*words, '--coverage', '100')
        self.assertEqual(1, status)
        self.assertIn('1 passed, 0 failed · 12 of 13 lines ran (92 %): growing-shares/growing-shares.lua 16\n'
                      'fewer lines ran than --coverage 100 wants\n', told)
        self.assertEqual(0, self.run_sluice(*words, '--coverage', '92')[0])
        self.expect(1, '0 passed, 0 failed\nno spec ran (--fail-on-empty)\n', 'test', 'growing-shares', '--filter',
                    'none', '--fail-on-empty')
        self.expect(0, '0 passed, 0 failed\n', 'test', 'growing-shares', '--filter', 'none')
        self.spec.unlink()
        nothing = '0 passed, 0 failed\nno spec ran: specs are in files NAME_spec.lua, as it(…, function() … end)\n'
        self.expect(0, nothing, 'test', 'growing-shares')
        self.spec.write_text('--- Later.\n')
        self.expect(0, f'growing-shares/growing_shares_spec.lua: there is no spec in it\n{nothing}', 'test',
                    'growing-shares')
        self.spec.unlink()
        for more, wanted in (((), 0), (('--fail-on-empty',), 1)):
            status, told, errors = self.run_sluice('test', 'growing-shares', '-o', 'json', *more)
            self.assertEqual((wanted, '', []), (status, errors, json.loads(told)['specs']))

    def test_slips(self):
        """What is wrong in a call of a world is told at the line of the spec, with what was wanted."""
        for slip, wanted in {
            "world:patch('nope', 'shop', 'web', {})":
                "bad argument #1 to 'get' (the cluster has no kind 'nope', wanted one as kubectl has it, such as "
                'deployments.apps or canaries.flagger.app)',
            "world:patch('deployment', 'shop', 'webb', {})": 'world:patch: there is no deployment shop/webb',
            "world:depoly 'shop/web:2'": 'world: there is no method "depoly", known are deploy, ',
            'world:told(5)': 'world:told: a text of events is wanted, got number',
            "sluice.world 'none.yaml'": 'file none.yaml: cannot open: No such file or directory',
        }.items():
            with self.subTest(slip):
                self.spec.write_text("local sluice = require 'sluice'\nit('slips', function()\n"
                                     "  local world = sluice.world 'scenario.yaml'\n  " + slip + '\nend)\n')
                status, told, errors = self.run_sluice('test', 'growing-shares', '--no-kills', '-o', 'json')
                self.assertEqual((1, ''), (status, errors), told)
                message = json.loads(told)['specs'][0]['message']
                self.assertEqual(f'growing-shares/growing_shares_spec.lua:4: {wanted}',
                                 message[:len(wanted) + len('growing-shares/growing_shares_spec.lua:4: ')])

    def test_lines_of_modules(self):
        """Lines of modules count, at the lines of the manifest, and two folders may have scripts of one name."""
        self.spoil(self.script, 'rollout:begin()', "rollout:begin()\n    require 'scripts.other'.log(rollout)")
        manifest = self.folder / 'strategy.yaml'
        manifest.write_text(manifest.read_text() + """  modules:
    other: |
      local M = {}

      function M.log(rollout)
        rollout:log 'begun'
      end

      function M.never()
        return 5
      end

      return M
""")
        line = manifest.read_text().splitlines().index('        return 5') + 1
        shutil.copytree(EXAMPLE, self.top / 'other')
        status, told, errors = self.run_sluice('test', 'growing-shares', 'other', '--no-kills', '-o', 'json')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertEqual({'growing-shares/growing-shares.lua': '', 'growing-shares/strategy.yaml': str(line),
                          'other/growing-shares.lua': ''},
                         {each['file']: each['missed'] for each in json.loads(told)['scripts']})

    def test_module_in_a_file(self):
        """Modules that are files go into the manifest, and are tested as they are edited."""
        self.spoil(self.script, 'rollout:begin()', "rollout:begin()\n    require 'scripts.other'(rollout)")
        module, manifest = self.folder / 'other.lua', self.folder / 'strategy.yaml'
        module.write_text("return function(rollout) rollout:log 'begun' end\n")
        status, told, errors = self.run_sluice('check', '--write', 'growing-shares')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertIn("  modules:\n    other: |\n      return function(rollout)", manifest.read_text())
        module.write_text("return function(rollout)\n  if rollout:random() > 1 then\n    error 'never'\n  end\nend\n")
        status, told, errors = self.run_sluice('test', 'growing-shares', '--no-kills', '-o', 'json')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertEqual({'growing-shares/growing-shares.lua': '', 'growing-shares/other.lua': '3'},
                         {each['file']: each['missed'] for each in json.loads(told)['scripts']})

    def test_junit(self):
        self.spoil(self.spec, "assert.equal('Failed', world:finish())", "assert.equal('<&>', world:finish())")
        status, _, _ = self.run_sluice('test', 'growing-shares', '--no-kills', '--junit', 'junit.xml')
        suite = xml.etree.ElementTree.parse(self.top / 'junit.xml').getroot()[0]
        self.assertEqual((1, '3', '1'), (status, suite.get('tests'), suite.get('failures')))
        self.assertIn("expected '<&>', got 'Failed'", suite[1][0].get('message'))
        status, _, errors = self.run_sluice('test', 'growing-shares', '--no-kills', '--junit', '/no/such')
        self.assertEqual((2, 'sluice test: --junit /no/such: No such file or directory\n'), (status, errors))

    def test_jobs(self):
        """Files that run at once are told in their order, with what they print, and count the same lines."""
        for name in 'abcd':
            text = f"print 'in {name}' it('{name}', function() print '{name}' end)"
            (self.folder / f'{name}_spec.lua').write_text(text)
        told = []
        for jobs in ('1', '3', '64'):
            status, text, errors = self.run_sluice('test', 'growing-shares', '--no-kills', '--jobs', jobs)
            self.assertEqual((0, ''), (status, errors))
            told.append(re.sub(r' +\d+\.\d\d s\n', '\n', text))
        self.assertIn('in b\nb\n  ✓ b\nin c\n', told[0])
        self.assertIn('7 passed, 0 failed · 13 of 13 lines ran (100 %)\n', told[0])
        self.assertEqual([told[0]] * 2, told[1:])

    def test_printed(self):
        """What a spec prints does not get into the object on standard output."""
        self.spec.write_text("it('prints', function() print 'printed' io.write 'written' end)")
        status, told, errors = self.run_sluice('test', 'growing-shares', '-o', 'json')
        self.assertEqual((0, 'printed\nwritten', 1), (status, errors, json.loads(told)['passed']))

    def test_crashed(self):
        """A spec file whose process ends in the middle has failed, and the others run."""
        (self.folder / 'a_spec.lua').write_text("require('ffi').cdef 'void abort(void);'\n"
                                                "it('aborts', function() require('ffi').C.abort() end)")
        status, told, _ = self.run_sluice('test', 'growing-shares', '--no-kills', '--jobs', '2')
        self.assertEqual(1, status, told)
        self.assertIn('  growing-shares/a_spec.lua:1: its process ended by signal 6\n', told)
        self.assertIn('\n3 passed, 1 failed', told)

    def test_much(self):
        """However much there is to tell, it is told."""
        self.spec.write_text("for i = 1, 300 do it('spec ' .. i, function() error(('x'):rep(9000)) end) end")
        status, told, errors = self.run_sluice('test', 'growing-shares', '-o', 'json', '--junit', 'junit.xml')
        self.assertEqual((1, ''), (status, errors))
        self.assertEqual(300, json.loads(told)['failed'])
        suite = xml.etree.ElementTree.parse(self.top / 'junit.xml').getroot()[0]
        self.assertEqual(300 * 9000, sum(case[0].get('message').count('x') for case in suite))

    def test_any_bytes(self):
        """Whatever bytes a spec raises, and names itself by, a terminal, JSON and XML get text."""
        raised = r'\1 \27[31m ]]> \237\160\128 \239\191\190 é'
        self.spec.write_text(f"it('b\\255', function() error('{raised}') end)")
        status, told, errors = self.run_sluice('test', 'growing-shares', '-o', 'json', '--junit', 'junit.xml')
        self.assertEqual((1, ''), (status, errors))
        self.assertEqual(r'b\xff', json.loads(told)['specs'][0]['name'])
        message = r'growing-shares/growing_shares_spec.lua:1: \x01 \x1b[31m ]]> \xed\xa0\x80 \xef\xbf\xbe é'
        self.assertEqual(message, json.loads(told)['specs'][0]['message'])
        suite = xml.etree.ElementTree.parse(self.top / 'junit.xml').getroot()[0]
        self.assertEqual((r'b\xff', message), (suite[0].get('name'), suite[0][0].get('message')))
        self.assertIn(message, self.run_sluice('test', 'growing-shares')[1])

    def test_interrupted(self):
        """Ctrl-C ends a spec that does not end, and tells what has run."""
        begun = "io.stdout:write('begins\\n') io.stdout:flush()"
        for endless in ('while true do end', "require('sluice').world('scenario.yaml'):run '999999h'"):
            self.spec.write_text("it('ends', function() end)\n"
                                 f"it('spins', function() {begun} {endless} end)\n"
                                 "it('comes late', function() end)\n")
            with subprocess.Popen([SLUICE, 'test', str(self.spec)], stdout=subprocess.PIPE, text=True) as process:
                self.assertIn('✓ ends', process.stdout.readline())
                self.assertIn('begins', process.stdout.readline())
                process.send_signal(signal.SIGINT)
                told = process.stdout.read()
                self.assertEqual(130, process.wait(PATIENCE_S))
            self.assertIn('interrupted\n', told)
            self.assertNotIn('comes late', told)

    def test_interrupted_jobs(self):
        """So it does where several files run at once."""
        other = self.folder / 'other_spec.lua'
        other.write_text("it('is done', function() end)")
        self.spec.write_text("it('spins', function() io.stderr:write('begins\\n') while true do end end)")
        with subprocess.Popen([SLUICE, 'test', self.folder, '--jobs', '2'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual('begins\n', process.stderr.readline())
            process.send_signal(signal.SIGINT)
            told = process.stdout.read()
            self.assertEqual(130, process.wait(PATIENCE_S))
        self.assertIn('interrupted\n', told)

    def test_cannot(self):
        for words, said in (((), 'a file or a folder is missing'), (('no/such',), 'no/such: No such file or directory'),
                            (('x', '--coverage', '101'), '--coverage 101: a whole number from 0 to 100 is wanted'),
                            (('x', '--jobs', '0'), '--jobs 0: a whole number from 1 to 64 is wanted'),
                            (('x', '-o', 'xml'), '-o xml: neither text nor json')):
            status, told, errors = self.run_sluice('test', *words)
            self.assertEqual((2, ''), (status, told))
            self.assertTrue(errors.startswith(f'sluice test: {said}\n'), errors)


class Examples(Author):
    """Every example is whole and passes as it is, also killed at every word."""

    FOLDERS = [folder for kind in ('strategies', 'checks') for folder in sorted((ROOT / 'examples' / kind).iterdir())]

    WITHOUT_SCRIPT = {'low-traffic'}  # they go by a check that the engine brings

    def setUp(self):
        self.top = ROOT / 'examples'

    def test_whole(self):
        for folder in self.FOLDERS:
            manifest = {'strategies': 'strategy.yaml', 'checks': 'check.yaml'}[folder.parent.name]
            own = () if folder.name in self.WITHOUT_SCRIPT else (f'{folder.name}.lua', manifest)
            spec = folder.name.replace('-', '_') + '_spec.lua'
            for name in (*own, 'app.yaml', 'canary.yaml', 'scenario.yaml', spec):
                self.assertTrue((folder / name).exists(), folder / name)

    def test_check(self):
        status, told, errors = self.run_sluice('check', 'strategies', 'checks')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertRegex(told, r'\A\d+ files, 0 errors, 0 warnings\n\Z')

    def test_test(self):
        status, told, errors = self.run_sluice('test', 'strategies', 'checks', '--coverage', '100', '-o', 'json')
        self.assertEqual((0, ''), (status, errors), told)
        found = json.loads(told)
        for each in found['specs']:
            self.assertTrue(0 < each['kills'] == each['same'], each)
        scripted = [folder for folder in sorted(self.FOLDERS) if folder.name not in self.WITHOUT_SCRIPT]
        self.assertEqual([str(folder.relative_to(self.top) / f'{folder.name}.lua') for folder in scripted],
                         [each['file'] for each in found['scripts']])

    def test_listed(self):
        """The page names each of them."""
        page = (self.top / 'README.md').read_text()
        for folder in self.FOLDERS:
            self.assertIn(f'({folder.parent.name}/{folder.name}/', page)

    def test_shown(self):
        """The page on checks shows one of them as it is."""
        manifest = (self.top / 'checks/revenue-guard/check.yaml').read_text().partition('\n')[2]
        self.assertIn(f'```yaml\n{manifest}```\n', (ROOT / 'docs/checks.md').read_text())


class New(Author):
    def test_strategy(self):
        """All that is written runs as it is, and an editor finds the words."""
        status, told, errors = self.run_sluice('new', 'strategy', 'weekday-ring')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('  weekday-ring/weekday-ring.lua\n', told)
        self.assertIn('\nnext: sluice check weekday-ring, sluice test weekday-ring\n', told)
        self.assertEqual((0, '6 files, 0 errors, 0 warnings\n', ''), self.run_sluice('check', 'weekday-ring'))
        status, told, errors = self.run_sluice('test', 'weekday-ring', '--coverage', '100', '--fail-on-empty')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertEqual(0, self.run_sluice('demo', 'weekday-ring/scenario.yaml')[0])
        self.assertNotRegex(''.join(path.read_text() for path in (self.top / 'weekday-ring').iterdir()
                                    if path.is_file()), 'growing[-_]shares')
        json.loads((self.top / 'weekday-ring/.luarc.json').read_text())
        library = self.top / 'weekday-ring/.sluice/library'
        self.assertIn('function rollout:shift(weight) end', (library / 'words.lua').read_text())
        self.assertIn('function world:deploy(image, canary) end', (library / 'sluice.lua').read_text())
        self.assertIn('function M.weight(options', (library / 'stdlib/param.lua').read_text())
        self.assertIn('---@overload fun(definition: Adapter): ', (library / 'stdlib/adapter.lua').read_text())

    def test_check(self):
        status, told, errors = self.run_sluice('new', 'check', 'error-gap')
        self.assertEqual((0, ''), (status, errors))
        self.assertIn('  error-gap/error-gap.lua\n', told)
        self.assertEqual((0, '6 files, 0 errors, 0 warnings\n', ''), self.run_sluice('check', 'error-gap'))
        status, told, errors = self.run_sluice('test', 'error-gap', '--coverage', '100', '--fail-on-empty')
        self.assertEqual((0, ''), (status, errors), told)
        self.assertEqual(0, self.run_sluice('demo', 'error-gap/scenario.yaml')[0])
        self.assertNotRegex(''.join(path.read_text() for path in (self.top / 'error-gap').iterdir()
                                    if path.is_file()), 'compare[-_]with[-_]primary')
        script, manifest = self.top / 'error-gap/error-gap.lua', self.top / 'error-gap/check.yaml'
        script.write_text(script.read_text().replace("c:blind 'one", "c:blind 'at least one"))
        self.assertEqual((0, 'error-gap/check.yaml: brought up to date\n6 files, 0 errors, 0 warnings\n', ''),
                         self.run_sluice('check', '--write', 'error-gap'))
        self.assertIn("c:blind 'at least one", manifest.read_text())

    def test_there(self):
        """What is there is left alone."""
        (self.top / 'ring').mkdir()
        self.assertEqual((2, '', 'sluice new: ring: File exists\n'), self.run_sluice('new', 'strategy', 'ring'))
        self.assertEqual([], list((self.top / 'ring').iterdir()))

    def test_cannot(self):
        for words, said in (((), 'what it is and a name are missing, as in sluice new strategy weekday-ring'),
                            (('strategy',), 'what it is and a name are missing'),
                            (('x', 'y'), 'x: wanted strategy or check'),
                            (('strategy', '../x'), "../x: a name of small letters, digits and '-' is wanted"),
                            (('strategy', 'null'), 'null: a name that YAML reads as a text is wanted'),
                            (('strategy', '1e3'), '1e3: a name that YAML reads as a text is wanted'),
                            (('strategy', 'a', 'b'), 'b: unexpected word')):
            status, told, errors = self.run_sluice('new', *words)
            self.assertEqual((2, ''), (status, told))
            self.assertTrue(errors.startswith(f'sluice new: {said}'), errors)
            self.assertEqual([], list(self.top.iterdir()))


if __name__ == '__main__':
    SLUICE = str(pathlib.Path(sys.argv[1]).resolve())
    os.environ.pop('LUA_PATH', None)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
