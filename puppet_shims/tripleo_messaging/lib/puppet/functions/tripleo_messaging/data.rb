# SPDX-License-Identifier: Apache-2.0
# A lookup_key function of Hiera 5: this node's secrets, from the one file that was sealed for its private key.
%w[json openssl].each { |library| require library }
Puppet::Functions.create_function(:'tripleo_messaging::data') do
  dispatch :find do
    param 'Variant[String, Numeric]', :key
    param 'Struct[{file => Pattern[/\A\//], private_key => Pattern[/\A\//]}]', :options
    param 'Puppet::LookupContext', :context
  end
  argument_mismatch(:misuse) { %i[key options context].each { |name| param 'Any', name } }
  def misuse(_key, options, _context)
    "is in hiera.yaml with the options #{JSON.generate(options)}; expected just file: /PATH and private_key: /PATH, no path, glob or uri"
  end
  def find(key, options, context)
    file = options['file']
    header = context.cached_value("header #{file}") || context.cache("header #{file}", read(file, context))
    context.not_found unless header['names'].key?(key) # lookup_options, too: nothing is opened for such a key
    opened = context.cached_value(file) || context.cache(file, unseal(file, header, options['private_key'], context))
    opened['plain'].fetch(key) { wrap(opened['sensitive'].fetch(key)) }
  end
  # A hash at its ends: Puppet merges no Sensitive, and a level above may override a part of it.
  def wrap(value)
    value.is_a?(Hash) ? value.transform_values { |item| wrap(item) } : Puppet::Pops::Types::PSensitiveType::Sensitive.new(value)
  end
  def read(file, context)
    check(file, 0o022) # anybody can seal for a public key, so who may write the file is all that vouches for it
    context.cached_file_data(file) do |content|
      line, body, rest = content.b.split("\n", 3)
      header = (Hash(JSON.parse(line.to_s)) rescue {})
      refuse(file, "has no header of the format 'tripleo-messaging sealed 1'") if header['format'] != 'tripleo-messaging sealed 1'
      refuse(file, 'is damaged or cut short') unless rest == '' && !body.empty? && header['names'].is_a?(Array)
      header.merge('line' => line, 'body' => body, 'names' => header['names'].to_h { |name| [name, true] })
    end
  end
  def unseal(file, header, key_file, context)
    stamp = context.interpolate("%{lookup('tripleo_messaging::sealed')}")
    refuse(file, "is stale: the levels have #{stamp.empty? ? 'no' : 'another'} tripleo_messaging::sealed") if stamp != header['stamp']
    check(key_file, 0o077)
    key = OpenSSL::PKey::RSA.new(File.binread(key_file), '') # a passphrase, so that nobody is asked for one
    own, sealed = [OpenSSL::Digest::SHA256.hexdigest(key.public_key.to_der), header['key'].to_s].map { |print| print[0, 16] }
    refuse(file, "is sealed for the key #{sealed} of node #{header['node']}, and #{key_file} has the key #{own}") if own != sealed
    raw, cipher = header['body'].unpack1('m0'), OpenSSL::Cipher.new('aes-256-gcm').decrypt
    cipher.key = key.private_decrypt(header['wrapped'].to_s.unpack1('m0'), OpenSSL::PKey::RSA::PKCS1_OAEP_PADDING)
    cipher.iv, cipher.auth_tag, cipher.auth_data = raw[0, 12], raw[-16, 16], header['line']
    JSON.parse(cipher.update(raw[12...-16]) + cipher.final)
  rescue OpenSSL::OpenSSLError, ArgumentError, TypeError
    key&.private? ? refuse(file, 'was changed after it was sealed') : refuse(key_file, 'holds no RSA private key without a passphrase')
  end
  def check(path, forbidden)
    stat = File.stat(path) if File.exist?(path)
    return if stat&.file? && [0, Process.euid].include?(stat.uid) && (stat.mode & forbidden).zero?
    found = stat ? "has owner #{stat.uid} and mode #{format('%04o', stat.mode & 0o7777)}" : 'is missing'
    refuse(path, "#{found}, expected a file of root or user #{Process.euid} with mode #{format('%04o', 0o666 & ~forbidden)} or less")
  end
  def refuse(path, found)
    advice = 'hieradata install --data SEALED --node NODE; to seal anew: hieradata seal --data TREE --public-keys DIR --output SEALED'
    raise Puppet::DataBinding::LookupError, "#{path} #{found}; run: tripleo-messaging #{advice}"
  end
end
