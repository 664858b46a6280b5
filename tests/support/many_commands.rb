# SPDX-License-Identifier: Apache-2.0
# Runs `puppet lookup`, or `hiera`, many times in one process that has the program loaded; the settings of the
# first run hold for all.
#
# Usage: many_commands.rb puppet|hiera < JSON list of argument lists; prints a JSON list of [status, stdout].
require 'json'
require 'stringio'

program = ARGV.shift
jobs = JSON.parse($stdin.read)

run =
  if program == 'puppet'
    require 'puppet'
    require 'puppet/util/command_line'
    require 'puppet/application/lookup'
    Puppet.initialize_settings(jobs.first)
    lambda do |arguments|
      command_line = Puppet::Util::CommandLine.new('puppet', arguments)
      Puppet::Application.find(command_line.subcommand_name).new(command_line).run
    end
  else
    places = ENV['PATH'].split(':').map { |directory| File.join(directory, program) }
    path = places.find { |file| File.executable?(file) }
    lambda do |arguments|
      ARGV.replace(arguments)
      load(path, true)
    end
  end

done = jobs.map do |arguments|
  printed = StringIO.new
  status = 0
  begin
    $stdout = printed
    run.call(arguments)
  rescue SystemExit => e
    status = e.status
  ensure
    $stdout = STDOUT
  end
  [status, printed.string]
end
puts JSON.generate(done)
