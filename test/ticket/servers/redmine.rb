# What is in the fresh Redmine, and who serves it? Run by redmine.sh in Redmine's own folder.
require "/usr/share/redmine/config/environment"
require "json"
require "securerandom"
require "socket"
# Not among the gems that Redmine names, so Bundler hides it.
$LOAD_PATH.concat(Dir["/usr/share/rubygems-integration/*/gems/webrick-*/lib"])
require "webrick"
require "rack/handler/webrick"

$stdout.sync = true
Redmine::DefaultData::Loader.load("en")
Setting.rest_api_enabled = "1"
Setting.login_required = "1"
Setting.default_language = "en"

role = Role.givable.first
role.permissions = role.setable_permissions.map(&:name)
role.save!
user = User.new(firstname: "Ada", lastname: "Example", mail: "ada@example.com", admin: false, language: "en")
user.login = "ada"
user.password = user.password_confirmation = SecureRandom.hex(12)
user.save!
reader = User.new(firstname: "Bo", lastname: "Example", mail: "bo@example.com", admin: false, language: "en")
reader.login = "bo"
reader.password = reader.password_confirmation = SecureRandom.hex(12)
reader.save!
project = Project.new(name: "Shop", identifier: "shop", is_public: false)
project.enabled_module_names = %w(issue_tracking wiki)
project.trackers = Tracker.all
project.save!
Member.create!(project: project, principal: user, roles: [role])
# May read and comment, and not change what is written.
commenter = Role.create!(name: "Commenter", permissions: %i(view_issues add_issue_notes))
Member.create!(project: project, principal: reader, roles: [commenter])
wiki = Wiki.find_by(project_id: project.id) || Wiki.create!(project: project, start_page: "Wiki")
page = WikiPage.new(wiki: wiki, title: "Runbook")
page.content = WikiContent.new(text: "h1. Runbook", author: user)
page.save!
issue = Issue.create!(
  project: project, tracker: project.trackers.first, author: user, subject: "The shop does not answer",
  status: IssueStatus.first, priority: IssuePriority.first, description: "Since 03:00."
)

listener = TCPServer.new("127.0.0.1", 0)
port = listener.addr[1]
listener.close
server = nil
ready = lambda do |s|
  server = s
  puts JSON.generate(
    url: "http://127.0.0.1:#{port}", key: user.api_key, reader_key: reader.api_key, ticket: issue.id, user: user.id,
    project: project.identifier, version: Redmine::VERSION.to_s
  )
end
Thread.new do
  while (line = $stdin.gets)
    name, value = line.strip.split(" ", 2)
    Setting[name == "formatting" ? "text_formatting" : name] = value
    Setting.clear_cache
    puts JSON.generate(set: name)
  end
  Process.kill("TERM", Process.pid)
end
%w(TERM INT).each { |signal| trap(signal) { Thread.new { server&.shutdown }; exit!(0) } }
Rack::Handler::WEBrick.run(
  Rails.application, Host: "127.0.0.1", Port: port, AccessLog: [], Logger: WEBrick::Log.new($stderr, WEBrick::Log::ERROR), &ready
)
