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
    # What a file says of itself is believed once it was opened, so it is opened for any key; these are in the levels.
    context.not_found if %w[lookup_options tripleo_messaging::sealed].include?(key)
    file = options['file']
    opened = context.cached_value(file) || context.cache(file, unseal(file, options['private_key'], context))
    opened['plain'].fetch(key) { opened['sensitive'].key?(key) ? wrap(opened['sensitive'][key]) : context.not_found }
  end
  # A hash at its ends: Puppet merges no Sensitive, and a level above may override a part of it.
  def wrap(value)
    return value.transform_values { |item| wrap(item) } if value.is_a?(Hash)
    Puppet::Pops::Types::PSensitiveType::Sensitive.new(value)
  end
  def unseal(file, key_file, context)
    check(file, 0o022) # anybody can seal for a public key, so who may write the file is all that vouches for it
    line, body, rest = context.cached_file_data(file) { |content| content.b.split("\n", 3) }
    header = (Hash(JSON.parse(line.to_s)) rescue {})
    refuse(file, "has no header of the format 'tripleo-messaging sealed 1'") if header['format'] != 'tripleo-messaging sealed 1'
    refuse(file, 'is damaged or cut short') if rest != '' || body.empty?
    stamp = context.interpolate("%{lookup('tripleo_messaging::sealed')}")
    refuse(file, "is stale: the levels have #{stamp.empty? ? 'no' : 'another'} tripleo_messaging::sealed") if stamp != header['stamp']
    key, raw, cipher = private_key(key_file, file, header), body.unpack1('m0'), OpenSSL::Cipher.new('aes-256-gcm').decrypt
    cipher.key = key.private_decrypt(header['wrapped'].to_s.unpack1('m0'), OpenSSL::PKey::RSA::PKCS1_OAEP_PADDING)
    cipher.iv, cipher.auth_tag, cipher.auth_data = raw[0, 12], raw[-16, 16], line
    JSON.parse(cipher.update(raw[12...-16]) + cipher.final)
  rescue OpenSSL::OpenSSLError, ArgumentError, TypeError
    refuse(file, 'was changed after it was sealed')
  end
  def private_key(key_file, file, header)
    check(key_file, 0o077)
    key = OpenSSL::PKey::RSA.new(File.binread(key_file), '') rescue nil # a passphrase, so that nobody is asked for one
    refuse(key_file, 'holds no RSA private key without a passphrase') unless key&.private?
    own, sealed = [OpenSSL::Digest::SHA256.hexdigest(key.public_key.to_der), header['key'].to_s].map { |print| print[0, 16] }
    return key if own == sealed
    refuse(file, "is sealed for the key #{sealed} of node #{header['node']}, and #{key_file} has the key #{own}")
  end
  def check(path, forbidden)
    stat = File.stat(path) if File.exist?(path)
    return if stat&.file? && [0, Process.euid].include?(stat.uid) && (stat.mode & forbidden).zero?
    found = stat ? "has owner #{stat.uid} and mode #{format('%04o', stat.mode & 0o7777)}" : 'is missing'
    refuse(path, "#{found}, expected a file of root or user #{Process.euid} with mode #{format('%04o', 0o666 & ~forbidden)} or less")
  end
  def refuse(path, found)
    advice = 'hieradata install --data SEALED --node NODE --hiera-config FILE; to seal anew: hieradata seal --data TREE --public-keys DIR --output SEALED'
    raise Puppet::DataBinding::LookupError, "#{path} #{found}; run: tripleo-messaging #{advice}"
  end
end
