"""Answers as Azurite 3.35 and Azure give them; the names, metadata and tags are made up."""

AZURITE_LIST = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?><EnumerationResults \
ServiceEndpoint="http://127.0.0.1:10000/clinicdata" ContainerName="intake"><Prefix/><Marker/>\
<MaxResults>5000</MaxResults><Delimiter>/</Delimiter><Blobs><BlobPrefix><Name>ward a/</Name>\
</BlobPrefix><Blob><Name>b.txt</Name><Properties>\
<Creation-Time>Mon, 23 Nov 2026 03:10:00 GMT</Creation-Time>\
<Last-Modified>Mon, 23 Nov 2026 03:10:00 GMT</Last-Modified><Etag>0x1D74E1402BCED10</Etag>\
<Content-Length>4711</Content-Length><Content-Type>application/fhir+json</Content-Type>\
<Content-MD5>mZFLkyvTelC5g8XnyQrpOw==</Content-MD5><BlobType>BlockBlob</BlobType>\
<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>\
<CopyId>fbe327a5-49ea-4a39-9cdb-6b4829bdaca1</CopyId><CopyStatus>success</CopyStatus>\
<CopySource>http://127.0.0.1:10000/clinicdata/intake/ward%20a/b.json</CopySource>\
<CopyProgress>4711/4711</CopyProgress>\
<CopyCompletionTime>Mon, 23 Nov 2026 03:10:00 GMT</CopyCompletionTime>\
<ServerEncrypted>true</ServerEncrypted><AccessTier>Hot</AccessTier><TagCount>1</TagCount>\
</Properties><Metadata><patient>Jane Doe</patient></Metadata><Tags><TagSet><Tag><Key>mrn</Key>\
<Value>123-45</Value></Tag></TagSet></Tags></Blob></Blobs><NextMarker/></EnumerationResults>"""

# Azure puts a byte order mark first and has more properties.
AZURE_LIST = """\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults \
ServiceEndpoint="https://clinic.blob.core.windows.net/" ContainerName="intake"><Prefix>w</Prefix>\
<Marker>2!72!bWFya2Vy</Marker><MaxResults>2</MaxResults><Blobs><Blob>\
<Name Encoded="true">odd%EF%BF%BEname</Name><Snapshot>2026-11-23T03:10:00.0000000Z</Snapshot>\
<VersionId>2026-11-23T03:10:00.0000001Z</VersionId><IsCurrentVersion>true</IsCurrentVersion>\
<Deleted>false</Deleted><Properties><Creation-Time>Mon, 23 Nov 2026 03:10:00 GMT</Creation-Time>\
<Last-Modified>Mon, 23 Nov 2026 03:10:00 GMT</Last-Modified><Etag>0x8DE2A0B6F2D1234</Etag>\
<ResourceType>file</ResourceType><Content-Length>4711</Content-Length>\
<Content-Type>text/plain; name="Jane Doe.txt"</Content-Type>\
<Content-Encoding>jane doe</Content-Encoding><Content-Language>en</Content-Language>\
<Content-CRC64>AAAA</Content-CRC64><Content-MD5>mZFLkyvTelC5g8XnyQrpOw==</Content-MD5>\
<Cache-Control>jane</Cache-Control><Content-Disposition>attachment; filename="Jane Doe.txt"\
</Content-Disposition><x-ms-blob-sequence-number>7</x-ms-blob-sequence-number>\
<BlobType>PageBlob</BlobType><AccessTier>Hot</AccessTier><LeaseStatus>unlocked</LeaseStatus>\
<LeaseState>available</LeaseState>\
<CopySource>https://elsewhere.blob.core.windows.net/c/Jane%20Doe?sig=secret</CopySource>\
<CopyStatusDescription>500 Jane Doe</CopyStatusDescription><NewProperty>Jane Doe</NewProperty>\
<NewLink>https://clinic.blob.core.windows.net/intake/x</NewLink>\
<Owner>jane</Owner></Properties><Metadata Encrypted="true"><patient>Jane Doe</patient>\
<homepage>https://clinic.blob.core.windows.net/intake</homepage><empty/></Metadata>\
<OrMetadata><or-1_2>complete</or-1_2></OrMetadata><NewElement>Jane Doe</NewElement></Blob></Blobs>\
<NextMarker>2!72!bmV4dA--</NextMarker><NewTop>Jane Doe</NewTop></EnumerationResults>""".encode()

CONTAINERS = b"""<?xml version="1.0" encoding="utf-8"?><EnumerationResults \
ServiceEndpoint="https://clinic.blob.core.windows.net/"><MaxResults>5000</MaxResults><Containers>\
<Container><Name>intake</Name><Properties><Last-Modified>Mon, 23 Nov 2026 03:10:00 GMT\
</Last-Modified><Etag>"0x1"</Etag><LeaseStatus>unlocked</LeaseStatus>\
<LeaseState>available</LeaseState><HasLegalHold>false</HasLegalHold></Properties>\
<Metadata><owner>Jane Doe</owner></Metadata></Container><Container><Name>public</Name><Properties>\
<Etag>"0x2"</Etag><Quota>5</Quota></Properties><Metadata><owner>Jane Doe</owner></Metadata>\
</Container></Containers><NextMarker/></EnumerationResults>"""

FOUND = b"""<?xml version="1.0" encoding="utf-8"?><EnumerationResults \
ServiceEndpoint="https://clinic.blob.core.windows.net/"><Where>mrn='123-45'</Where><Blobs>\
<Blob><Name>a.json</Name><ContainerName>intake</ContainerName><Tags><TagSet><Tag><Key>mrn</Key>\
<Value>123-45</Value></Tag></TagSet></Tags></Blob><Blob><Name>b.json</Name>\
<ContainerName>public</ContainerName><Tags><TagSet><Tag><Key>mrn</Key><Value>123-45</Value></Tag>\
</TagSet></Tags></Blob></Blobs><NextMarker/></EnumerationResults>"""

TAGS = b"""<?xml version="1.0" encoding="utf-8"?><Tags><TagSet><Tag><Key>mrn</Key>\
<Value>123-45</Value></Tag><Tag><Key>ward</Key><Value>north</Value></Tag></TagSet></Tags>"""

NOT_FOUND = """\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>BlobNotFound</Code>\
<Message>The blob Jane Doe does not exist.\nRequestId:1\nTime:2026</Message></Error>""".encode()

UNAUTHENTICATED = b"""<?xml version="1.0" encoding="utf-8"?><Error>\
<Code>AuthenticationFailed</Code><Message>Server failed.</Message>\
<AuthenticationErrorDetail>The MAC signature 'x' is not the same. Server used \
 following string to sign: 'GET\n\n\n'.</AuthenticationErrorDetail></Error>"""
